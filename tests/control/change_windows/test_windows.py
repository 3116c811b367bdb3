"""Change windows over a real control plane: who sets them, what waits for them, and what goes out when they open."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.change_windows import ClosedDays, NoSuchWindowError, WindowDraft
from bailiwick.control.freeze import FreezeKind, Scope
from bailiwick.control.gates import AlreadyApprovedError, RuleDraft, RuleKind
from bailiwick.control.release import Deploy, DeployState, DeployView, NotDecidableError
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.releasing import released

pytestmark = pytest.mark.req("DG2")
BERLIN = "Europe/Berlin"
WORK = WindowDraft("", (0, 1, 2, 3, 4), "08:00", "17:00", BERLIN)


@pytest.fixture
def clock() -> MovingClock:
    """A clock that shows a Wednesday at noon in Berlin, and goes on from there."""
    clock = MovingClock()
    now = clock().astimezone(ZoneInfo(BERLIN))
    noon = datetime(now.year, now.month, now.day, 12, tzinfo=ZoneInfo(BERLIN)) + timedelta(days=7 + 2 - now.weekday())
    clock.ahead = noon.astimezone(UTC) - clock()
    return clock


def asked(company: Company) -> Deploy:
    assert company.push("builder").accepted
    return company.control.deploys.request(company.people["builder"], APP)


def approve(company: Company, who: str, deploy: Deploy) -> DeployState:
    return company.control.deploys.approve(company.people[who], deploy.id, "looked at it").state


def now(company: Company, deploy: Deploy) -> Deploy:
    with company.control.store.transaction() as session:
        return company.control.deploys.deploy(session, deploy.id)


def view(company: Company, deploy: Deploy) -> DeployView:
    with company.control.store.transaction() as session:
        found = company.control.deploys.standing(session, company.people["admin"], deploy.id)
    assert found is not None
    return found


def events(company: Company, action: str) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        return [item.event for item in search(session, AuditQuery(action=action), limit=50).events]


def serves(company: Company) -> str:
    (running,) = company.control.planes.desired_state("production").apps
    return running.release


def test_what_is_approved_outside_of_the_window_waits_and_goes_out_when_it_opens(
    company: Company, clock: MovingClock
) -> None:
    first = released(company)
    company.control.change_windows.set(company.people["admin"], WORK, "on call then")
    second = released(company)  # inside of it, at once
    clock.move(hours=8)  # Wednesday, 20:00
    deploys, waits = company.control.deploys, asked(company)
    assert view(company, waits).waits == ""
    assert approve(company, "approver", waits) is DeployState.REQUESTED
    assert view(company, waits).waits == "approved; goes out when the window opens Thursday 08:00 (Europe/Berlin)"
    with pytest.raises(AlreadyApprovedError):
        approve(company, "approver", waits)
    deploys.keep()
    assert now(company, waits).state is DeployState.REQUESTED
    # Going back is the safe side: no window holds it up.
    company.control.rollbacks.roll_back(company.people["builder"], APP, first)
    assert serves(company) == first
    company.control.rollbacks.roll_back(company.people["builder"], APP, second)
    clock.move(hours=13)  # Thursday, 09:00
    deploys.keep()
    done = now(company, waits)
    assert (done.state, done.decided_by) == (DeployState.RELEASED, "service:release")
    assert "approved by user:approver@example.com" in done.reason
    assert serves(company) == done.release
    clock.move(hours=-13)  # the clock jumps back: what is out stays out, and what comes now waits
    deploys.keep()
    assert serves(company) == done.release
    rejected = asked(company)
    assert approve(company, "approver", rejected) is DeployState.REQUESTED
    deploys.reject(company.people["security"], rejected.id, "not this week")
    with pytest.raises(NotDecidableError):
        approve(company, "approver", rejected)


def test_everything_is_asked_anew_when_the_window_opens(company: Company, clock: MovingClock) -> None:
    released(company)
    company.control.change_windows.set(company.people["admin"], WORK, "on call then")
    clock.move(hours=8)
    deploys, admin, waits = company.control.deploys, company.people["admin"], asked(company)
    approve(company, "approver", waits)
    clock.move(hours=13)
    freeze = company.control.freezes.start(company.people["admin"], Scope(FreezeKind.EVERYTHING), "incident")
    deploys.keep()
    assert now(company, waits).state is DeployState.REQUESTED
    assert view(company, waits).waits.startswith("approved; held up: ")
    assert "incident" in view(company, waits).waits
    company.control.freezes.lift(company.people["security"], freeze.id, "over")
    company.control.stops.kill(company.people["security"], APP, "looks wrong")
    deploys.keep()
    assert now(company, waits).state is DeployState.REQUESTED
    assert view(company, waits).waits == (
        "approved; held up: the app is stopped by the kill switch: a person must revive it first"
    )
    company.control.stops.revive(admin, APP, "it is well")
    # Approvals are good for a week: one that waited longer does not count any more.
    company.control.change_windows.close(
        admin, "", ClosedDays("audit", clock().date(), clock().date() + timedelta(days=8)), "auditors are here"
    )
    clock.move(days=8, hours=23)
    deploys.keep()
    assert view(company, waits).waits == ""
    assert view(company, waits).weighed.missing == ("anyone",)
    clock.move(days=3)
    deploys.keep()
    assert now(company, waits).state is DeployState.REQUESTED
    assert approve(company, "security", waits) is DeployState.RELEASED


def test_the_fix_of_a_freeze_waits_only_when_somebody_vouched_for_it(company: Company, clock: MovingClock) -> None:
    released(company)
    control, people = company.control, company.people
    freeze = control.freezes.start(people["admin"], Scope(FreezeKind.EVERYTHING), "CVE-2026-1")
    control.change_windows.set(people["admin"], WORK, "on call then")
    clock.move(hours=8)
    assert company.push("builder").accepted
    fix = control.deploys.request(people["builder"], APP, fixes=freeze.id)
    with pytest.raises(ForbiddenError):
        approve(company, "approver", fix)
    assert view(company, fix).waits == ""
    assert approve(company, "security", fix) is DeployState.REQUESTED
    assert view(company, fix).waits.startswith("approved; goes out when the window opens Thursday")
    clock.move(hours=13)
    control.deploys.keep()
    assert now(company, fix).state is DeployState.RELEASED


def test_what_nobody_must_approve_waits_too(company: Company, clock: MovingClock) -> None:
    released(company)
    admin = company.people["admin"]
    company.control.approval_rules.set(admin, RuleDraft("", RuleKind.AUTOMATIC), "small changes")
    company.control.change_windows.set(admin, WORK, "on call then")
    clock.move(days=3)  # Saturday
    waits = asked(company)
    assert waits.state is DeployState.REQUESTED
    assert view(company, waits).waits == "goes out when the window opens Monday 08:00 (Europe/Berlin)"
    company.control.change_windows.remove(admin, "", "every day by now")
    company.control.deploys.keep()
    assert now(company, waits).state is DeployState.RELEASED


def test_windows_are_versions_that_the_log_shows_old_and_new(company: Company, clock: MovingClock) -> None:
    windows, people = company.control.change_windows, company.people
    today = clock().date()
    with pytest.raises(ForbiddenError):
        windows.set(people["approver"], WORK, "me")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        windows.set(people["admin"], WORK, " ")
    with pytest.raises(NotFoundError, match="no folder 'nowhere'"):
        windows.set(people["admin"], WindowDraft("nowhere", (0,), "08:00", "17:00", "UTC"), "why")
    with pytest.raises(NoSuchWindowError, match="the organisation has no change window"):
        windows.remove(people["admin"], "", "gone")
    windows.set(people["security"], WORK, "on call then")
    with pytest.raises(ConflictError, match="says that already"):
        windows.set(people["admin"], WORK, "again")
    days = ClosedDays("year end", today, date(today.year + 1, today.month, 1) if today.month == 1 else today)
    windows.close(people["admin"], "", days, "nobody is here")
    with pytest.raises(NoSuchWindowError, match="has no closed days 'easter'"):
        windows.remove(people["admin"], "", "gone", closed="easter")
    longer = windows.set(people["admin"], WindowDraft("", (0,), "22:00", "06:00", BERLIN), "at night")
    assert (longer.version, longer.closed) == (3, (days,))
    windows.remove(people["admin"], "", "they are", closed="year end")
    folder = windows.close(people["admin"], "folder:finance", days, "closing the books", "Europe/Lisbon")
    assert folder.words.startswith("hours as above it, days of Europe/Lisbon; closed: year end (")
    with company.control.store.transaction() as session:
        found = windows.windows(session, people["security"])
        assert [(window.folder, window.version, now.open) for window, now in found] == [
            ("", 4, False), ("finance", 1, False)]  # fmt: skip
        assert [window.version for window in windows.earlier(session, people["security"])] == [3, 2, 1]
        with pytest.raises(ForbiddenError):
            windows.windows(session, people["user"])
    changed = events(company, "change-window.set")[0]
    assert changed.before["window"].startswith("monday, tuesday, wednesday, thursday, friday 08:00 to 17:00")
    assert changed.after["window"].startswith("monday 22:00 to 06:00 of the next day (Europe/Berlin); closed: year end")
    assert [event.resource for event in events(company, "change-window.closed")] == [
        "folder:finance", "organization:default"]  # fmt: skip
    assert len(events(company, "change-window.removed")) == 1
