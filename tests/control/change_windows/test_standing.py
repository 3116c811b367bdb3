"""Whether a change window is open: by the clock on the wall, over midnight and years, where clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.change_windows import ClosedDays, Window, WindowDraft, days_of, standing
from bailiwick.control.change_windows.checking import checked, known_zone, with_closed
from bailiwick.core.errors import InvalidInputError

pytestmark = pytest.mark.req("DG2")
BERLIN = "Europe/Berlin"
APP = "finance/eu/desk"
ALL = tuple(range(7))
WORK = (0, 1, 2, 3, 4)


def window(
    days: tuple[int, ...] = WORK,
    opens: str = "08:00",
    closes: str = "17:00",
    *closed: ClosedDays,
    folder: str = "",
    zone: str = BERLIN,
) -> Window:
    return Window(folder, days, opens, closes, zone, closed)


def at(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def is_open(window: Window, text: str, fold: int = 0) -> bool:
    return standing([window], APP, at(text, window.zone, fold)).open


def opens(window: Window, text: str) -> str:
    found = standing([window], APP, at(text, window.zone))
    assert not found.open
    assert found.opens_at is not None
    assert standing([window], APP, found.opens_at).open
    return found.opens


def test_without_a_window_releases_always_go_out() -> None:
    assert standing([], APP, at("2026-03-01T03:00")).open
    assert standing([window(folder="sales")], APP, at("2026-03-01T03:00")).open


def test_the_window_of_the_deepest_folder_counts() -> None:
    whole, finance, eu = window((6,)), window((5,), folder="finance"), window(ALL, folder="finance/eu")
    now = at("2026-11-27T12:00")  # a Friday
    assert standing([whole, finance, eu], APP, now).open
    found = standing([whole, finance], APP, now)
    assert (found.open, found.window, found.opens) == (
        False, "change window of finance", "Saturday 08:00 (Europe/Berlin)")  # fmt: skip
    assert standing([whole], "sales/desk", now).opens == "Sunday 08:00 (Europe/Berlin)"


def test_days_that_are_closed_above_a_folder_are_closed_in_it() -> None:
    year_end = ClosedDays("year end", date(2026, 12, 18), date(2027, 1, 3))
    audit = ClosedDays("audit", date(2027, 1, 4), date(2027, 1, 4))
    whole, finance = window(WORK, "08:00", "17:00", year_end), window(ALL, "00:00", "24:00", audit, folder="finance")
    assert standing([whole, finance], APP, at("2026-12-17T23:00")).open
    found = standing([whole, finance], APP, at("2026-12-24T12:00"))
    assert (found.open, found.why, found.window) == (
        False, "closed for year end (2026-12-18 to 2027-01-03)", "change window of the organisation")  # fmt: skip
    assert found.opens == "Tuesday 2027-01-05 00:00 (Europe/Berlin)"
    # A day begins earlier in the east: the organisation's days are those of its own zone.
    there = window(ALL, "00:00", "24:00", folder="finance", zone="America/New_York")
    assert not standing([whole, there], APP, at("2026-12-17T18:00", "America/New_York")).open
    unknown = window(WORK, "08:00", "17:00", year_end, zone="Mars/Olympus")
    assert not standing([unknown, finance], APP, at("2026-11-27T12:00")).open


def test_a_folder_with_closed_days_alone_keeps_the_hours_above_it() -> None:
    audit = ClosedDays("audit", date(2026, 11, 26), date(2026, 11, 26))
    whole, finance = window(), window((), "00:00", "24:00", audit, folder="finance")
    assert finance.words == "hours as above it, days of Europe/Berlin; closed: audit (2026-11-26)"
    assert standing([whole, finance], APP, at("2026-11-27T12:00")).open
    assert not standing([whole, finance], APP, at("2026-11-27T20:00")).open
    assert not standing([whole, finance], APP, at("2026-11-26T12:00")).open
    assert standing([whole, finance], "sales/desk", at("2026-11-26T12:00")).open
    assert standing([finance], APP, at("2026-11-27T20:00")).open
    assert not standing([finance], APP, at("2026-11-26T20:00")).open


def test_it_opens_and_closes_to_the_second_by_the_clock_of_its_zone() -> None:
    hours = window()
    assert not is_open(hours, "2026-11-27T07:59:59.999999")
    assert is_open(hours, "2026-11-27T08:00:00")
    assert is_open(hours, "2026-11-27T16:59:59.999999")
    assert opens(hours, "2026-11-27T17:00:00") == "Monday 08:00 (Europe/Berlin)"
    found = standing([hours], APP, at("2026-11-28T12:00"))
    assert found.opens_at == datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert found.waits == "goes out when the window opens Monday 08:00 (Europe/Berlin)"
    assert found.why == (
        "outside the change window of the organisation: "
        "monday, tuesday, wednesday, thursday, friday 08:00 to 17:00 (Europe/Berlin)"
    )
    # The same instant is another day of the week on the other side of the world.
    assert is_open(window((5,), "00:00", "24:00", zone="Pacific/Auckland"), "2026-11-28T00:00")
    assert not standing([window((5,), "00:00", "24:00")], APP, at("2026-11-28T00:00", "Pacific/Auckland")).open


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = window((4,), "22:00", "06:00")  # the night of Friday
    assert not is_open(night, "2026-11-27T05:00")  # that of Thursday
    assert is_open(night, "2026-11-27T23:00")
    assert is_open(night, "2026-11-28T00:00")
    assert is_open(night, "2026-11-28T05:59")
    assert opens(night, "2026-11-28T06:00") == "Friday 22:00 (Europe/Berlin)"
    assert night.words == "friday 22:00 to 06:00 of the next day (Europe/Berlin)"
    assert is_open(window((6,), "20:00", "00:00"), "2026-11-29T23:59:59")
    assert not is_open(window((6,), "20:00", "00:00"), "2026-11-30T00:00")


def test_all_day_has_no_gap_at_midnight() -> None:
    always = window(ALL, "00:00", "24:00")
    assert always.words == "every day all day (Europe/Berlin)"
    for text in ("2026-11-27T23:59:59.999999", "2026-11-28T00:00", "2026-12-31T23:59:59", "2027-01-01T00:00"):
        assert is_open(always, text)


def test_nothing_goes_out_on_closed_days_and_the_year_may_end_in_them() -> None:
    closed = ClosedDays("year end", date(2026, 12, 18), date(2027, 1, 3))
    hours = window(WORK, "08:00", "17:00", closed)
    assert is_open(hours, "2026-12-17T16:59")
    assert opens(hours, "2026-12-17T17:00") == "Monday 2027-01-04 08:00 (Europe/Berlin)"
    assert opens(hours, "2026-12-31T23:59:59") == "Monday 08:00 (Europe/Berlin)"
    found = standing([hours], APP, at("2026-12-24T12:00"))
    assert found.why == "closed for year end (2026-12-18 to 2027-01-03)"
    assert is_open(hours, "2027-01-04T08:00")
    # A night that began before is cut off, and one that ends after goes on.
    night = window(ALL, "22:00", "06:00", ClosedDays("audit", date(2026, 11, 28), date(2026, 11, 28)))
    assert is_open(night, "2026-11-27T23:59")
    assert opens(night, "2026-11-28T00:00") == "Sunday 00:00 (Europe/Berlin)"
    # Closed times that touch or overlap are one.
    several = window(ALL, "00:00", "24:00", closed, ClosedDays("more", date(2027, 1, 2), date(2027, 1, 5)),
                     ClosedDays("and more", date(2027, 1, 6), date(2027, 1, 6)))  # fmt: skip
    assert opens(several, "2026-12-20T00:00") == "Thursday 2027-01-07 00:00 (Europe/Berlin)"


def test_in_spring_a_window_in_the_hour_that_is_left_out_does_not_open() -> None:
    # On 2026-03-29 the clock in Berlin goes from 02:00 to 03:00.
    skipped = window(ALL, "02:15", "02:45")
    assert not standing([skipped], APP, datetime(2026, 3, 29, 0, 59, tzinfo=UTC)).open
    assert not standing([skipped], APP, datetime(2026, 3, 29, 1, 20, tzinfo=UTC)).open
    assert opens(skipped, "2026-03-29T00:00") == "Monday 02:15 (Europe/Berlin)"
    # One that begins in it opens after it, one that ends in it closes before it.
    later = standing([window(ALL, "02:30", "06:00")], APP, at("2026-03-29T01:00"))
    assert later.opens_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert later.opens == "Sunday 03:30 (Europe/Berlin)"
    assert not is_open(window(ALL, "00:00", "02:30"), "2026-03-29T01:59")
    assert is_open(window(ALL, "00:00", "02:30"), "2026-03-29T01:29")
    # The others keep to the clock on the wall.
    assert standing([window(ALL)], APP, datetime(2026, 3, 28, 7, tzinfo=UTC)).open
    assert standing([window(ALL)], APP, datetime(2026, 3, 29, 6, tzinfo=UTC)).open
    assert not standing([window(ALL)], APP, datetime(2026, 3, 29, 15, tzinfo=UTC)).open


def test_in_autumn_an_hour_that_comes_twice_opens_once() -> None:
    # On 2026-10-25 the clock in Berlin goes from 03:00 back to 02:00.
    twice = window(ALL, "02:15", "02:45")
    assert not is_open(twice, "2026-10-25T02:30")
    assert not is_open(twice, "2026-10-25T02:30", fold=1)
    assert opens(twice, "2026-10-25T00:00") == "Monday 02:15 (Europe/Berlin)"
    begins = window(ALL, "02:30", "06:00")
    assert not is_open(begins, "2026-10-25T02:45")
    assert is_open(begins, "2026-10-25T02:45", fold=1)
    ends = window(ALL, "00:00", "02:30")
    assert is_open(ends, "2026-10-25T02:29")
    assert not is_open(ends, "2026-10-25T02:29", fold=1)
    closed = ClosedDays("long day", date(2026, 10, 25), date(2026, 10, 25))
    all_day = window(ALL, "00:00", "24:00", closed)
    assert standing([all_day], APP, at("2026-10-25T00:00")).opens_at == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_a_clock_that_jumps_back_gets_the_answer_of_that_time() -> None:
    hours = window()
    first = standing([hours], APP, at("2026-11-27T07:59"))
    assert standing([hours], APP, at("2026-11-27T08:01")).open
    assert standing([hours], APP, at("2026-11-27T07:59")) == first


def test_a_zone_that_is_not_known_here_is_never_open() -> None:
    found = standing([window(ALL, "00:00", "24:00", zone="Mars/Olympus")], APP, at("2026-11-27T12:00"))
    assert (found.open, found.opens_at) == (False, None)
    assert found.waits == "waits: the time zone Mars/Olympus of the change window of the organisation is not known here"


_TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda it: f"{it[0]:02}:{it[1]:02}")


@given(
    days=st.sets(st.integers(0, 6), min_size=1).map(tuple),
    begin=_TIMES,
    end=_TIMES,
    zone=st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
    now=st.integers(0, 730 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    first=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    length=st.integers(0, 40),
)
def test_what_is_promised_is_kept(
    days: tuple[int, ...], begin: str, end: str, zone: str, now: datetime, first: date, length: int
) -> None:
    if begin == end:
        return
    closed = ClosedDays("c", first, first + timedelta(days=length))
    found = standing([window(days, begin, end, closed, zone=zone)], APP, now)
    shown = now.astimezone(ZoneInfo(zone))
    if found.open:
        day = shown.date() if f"{shown:%H:%M}" >= begin or begin < end else shown.date() - timedelta(days=1)
        assert day.weekday() in days
        assert not closed.first <= shown.date() <= closed.last
        return
    assert found.opens_at is not None
    assert found.opens_at > now
    assert standing([window(days, begin, end, closed, zone=zone)], APP, found.opens_at).open


@pytest.mark.parametrize(
    ("text", "days"),
    [("mon-fri", WORK), ("Mon, Wednesday,sat-sun", (0, 2, 5, 6)), ("sat-mon", (0, 5, 6)), ("", ()), ("sun", (6,))],
)
def test_weekdays_are_written_as_people_write_them(text: str, days: tuple[int, ...]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["someday", "mon-", "1-5", "mon-fri-sun", "mon;tue"])
def test_what_is_no_weekday_is_refused(text: str) -> None:
    if text == "mon-":
        assert days_of(text) == (0,)
        return
    with pytest.raises(InvalidInputError, match="is no weekday"):
        days_of(text)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (WindowDraft("", (), "08:00", "17:00", "UTC"), "at least one weekday"),
        (WindowDraft("", (7,), "08:00", "17:00", "UTC"), "at least one weekday"),
        (WindowDraft("", WORK, "8", "17:00", "UTC"), "'8' is no time of the day"),
        (WindowDraft("", WORK, "08:00", "24:30", "UTC"), "'24:30' is no time"),
        (WindowDraft("", WORK, "24:00", "08:00", "UTC"), "cannot open at 24:00"),
        (WindowDraft("", WORK, "08:00", "08:00", "UTC"), "has no length"),
        (WindowDraft("", WORK, "08:00", "17:00", "Berlin"), "'Berlin' is no time zone"),
        (WindowDraft("", WORK, "08:00", "17:00", "../etc/passwd"), "is no time zone"),
        (WindowDraft("", WORK, "08:00", "17:00", ""), "is no time zone"),
    ],
)
def test_what_could_never_be_is_refused_in_words(draft: WindowDraft, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        checked(draft)


def test_closed_days_are_few_short_and_to_come() -> None:
    today = date(2026, 11, 29)
    over, soon = ClosedDays("over", today - timedelta(days=9), today - timedelta(days=1)), ClosedDays("a", today, today)
    assert with_closed([over], soon, today) == (soon,)
    longer = ClosedDays("a", today, today + timedelta(days=2))
    assert with_closed([soon], longer, today) == (longer,)  # of one name, the newest
    for days, words in (
        (ClosedDays(" ", today, today), "need a name"),
        (ClosedDays("b", today, today - timedelta(days=1)), "end after they begin"),
        (ClosedDays("b", today, today + timedelta(days=93)), "three months at most"),
        (ClosedDays("b", today + timedelta(days=799), today + timedelta(days=801)), "next two years"),
        (over, "those days are over"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            with_closed([], days, today)
    many = [ClosedDays(str(number), today, today) for number in range(30)]
    with pytest.raises(InvalidInputError, match="30 closed times at most"):
        with_closed(many, soon, today)


def test_zones_are_named_as_iana_names_them() -> None:
    assert known_zone("America/Argentina/Buenos_Aires") == "America/Argentina/Buenos_Aires"
