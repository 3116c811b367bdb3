"""Search: filters that combine, by names, beginnings, words, facts and time; counts; and what follows as it comes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bailiwick.control.audit import (
    AuditLog,
    AuditQuery,
    complete_tiles,
    histogram,
    known_actions,
    parse_terms,
    search,
    search_after,
)
from bailiwick.control.audit import search as whole_search
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import AuditEvent, Outcome, canonical_bytes
from bailiwick.core.origin import Origin, arriving, client_kind
from bailiwick.store import Store
from tests.control.audit.test_audit_log import AUDIT, event

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def found(store: Store, *terms: str) -> list[int]:
    with store.transaction() as session:
        return [item.sequence for item in search(session, parse_terms(terms, NOW), limit=200).events]


@pytest.fixture
def log(store: Store) -> Store:
    """Six events of different people, hours and endings."""
    events = [
        event(0, time=NOW - timedelta(days=9), app="finance/desk", context={"mode": "preview", "rows": 7}),
        event(1, time=NOW - timedelta(hours=3), actor="user:b@example.com", action="app.killed", reason="It's on fire"),
        event(2, time=NOW - timedelta(hours=2), action="query.refused", outcome=Outcome.REFUSED, plane="production"),
        event(3, time=NOW - timedelta(hours=2), action="query.executed", resource="integration:orders-db"),
        event(4, time=NOW - timedelta(hours=1), client="10.1.2.3", before={"on": True}, after={"on": False}),
        event(5, time=NOW, action="role.assigned", outcome=Outcome.FAILED, acting_for="user:c@example.com"),
    ]
    with store.transaction() as session:
        AUDIT.append_all(session, events)
    return store


QUESTIONS = [
    ((), [5, 4, 3, 2, 1, 0]),
    (("actor=user:b@example.com",), [1]),
    (("actor=user:b@example.com", "actor=user:a*"), [5, 4, 3, 2, 1, 0]),
    (("action=query.*",), [3, 2]),
    (("action=query.*", "action=app.killed"), [3, 2, 1]),
    (("action=query.*", "outcome=denied"), [2]),
    (("action=nothing.*",), []),
    (("resource=app:finance/*", "resource=integration:orders-db"), [5, 4, 3, 2, 1, 0]),
    (("resource=integration:*",), [3]),
    (("outcome=refused", "outcome=failed"), [5, 2]),
    (("since=12h",), [5, 4, 3, 2, 1]),
    (("since=12h", "until=2h"), [1]),
    (("until=1d",), [0]),
    (("since=2026-11-28T11:00",), [5, 4]),
    (("text=on FIRE",), [1]),
    (("fire",), [1]),
    (("text=fir on",), [1]),
    (("text=ire",), []),
    (("text=%",), []),
    (("plane=production",), [2]),
    (("plane=prod*",), [2]),
    (("plane=editor", "plane=production"), [2]),
    (("client=10.1.*", "before.on=true"), [4]),
    (("acting_for=user:c@example.com",), [5]),
    (("context.mode=preview", "context.rows=7"), [0]),
    (("context.mode=preview", "context.rows=8"), []),
    (("text=It's", "app=finance/desk"), []),
]


@pytest.mark.req("OB2")
def test_filters_of_any_field_combine(log: Store) -> None:
    for terms, places in QUESTIONS:
        assert found(log, *terms) == places, terms


@pytest.mark.parametrize(
    "terms",
    [
        ("colour=red",),
        ("since=yesterday",),
        ("outcome=perhaps",),
        ("actor=*@example.com",),
        ("action=",),
        ("text=" + "x" * 500,),
        ("a",) * 41,
    ],
)
def test_what_is_no_question_is_refused_in_words(terms: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError) as told:
        parse_terms(terms, NOW)
    assert len(told.value.message) < 120


def test_no_word_or_fact_is_taken_for_syntax(log: Store) -> None:
    for hostile in ("'", "\\", "a' | 'b", "!a", "a:*", "(", "' & !'x", "\x00", "a\\'b", "<->"):
        assert found(log, f"text=fire {hostile}") in ([], [1])
        with log.transaction() as session:
            query = AuditQuery(facts=(("plane", hostile.replace("\x00", "nothing")),))
            assert search(session, query).events == ()


@pytest.mark.req("OB2")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(st.data())
def test_pages_give_each_event_that_fits_once_whatever_is_asked(many: Store, data: st.DataObject) -> None:
    words = st.sampled_from(["even", "odd", "third", "third even", ""])
    query = AuditQuery(
        actor=tuple(data.draw(st.lists(st.sampled_from(["user:0@x", "user:1@x", "user:*"]), max_size=2))),
        action=tuple(data.draw(st.lists(st.sampled_from(["a.b", "a.c", "a.*", "d.e"]), max_size=2))),
        text=data.draw(words),
        since=data.draw(st.sampled_from([None, NOW - timedelta(minutes=400)])),
        until=data.draw(st.sampled_from([None, NOW - timedelta(minutes=150), NOW - timedelta(minutes=590)])),
    )
    expected = [place for place in reversed(range(600)) if fits(query, made(place))]
    got, cursor = [], ""
    while True:
        with many.transaction() as session:
            page = search(session, query, cursor=cursor, limit=70)
        got += [item.sequence for item in page.events]
        cursor = page.cursor
        if not cursor:
            break
    assert got == expected
    with many.transaction() as session:
        after, upto = [], 299
        while upto < 599:
            following, upto = search_after(session, query, upto, 60)
            after += [item.sequence for item in following]
        bars = histogram(session, query, NOW)
    assert after == [place for place in reversed(expected) if place > 299]
    assert bars.total == len(expected)
    assert bars.whole


def made(place: int) -> AuditEvent:
    reason = " ".join(word for word, by in (("even", 2), ("third", 3)) if place % by == 0) or "odd"
    return event(
        place,
        time=NOW - timedelta(minutes=600 - place),
        actor=f"user:{place % 3}@x",
        action=("a.b", "a.c", "d.e")[place % 7 % 3],
        reason=reason,
    )


def fits(query: AuditQuery, wanted: AuditEvent) -> bool:
    def one(value: str, patterns: tuple[str, ...]) -> bool:
        return not patterns or any(value == p or (p.endswith("*") and value.startswith(p[:-1])) for p in patterns)

    return (
        one(wanted.actor, query.values("actor"))
        and one(wanted.action, query.values("action"))
        and set(query.text.split()) <= set(wanted.reason.split())
        and (query.since is None or wanted.time >= query.since)
        and (query.until is None or wanted.time < query.until)
    )


@pytest.fixture
def many(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """600 events, two tiles of them kept; so few are looked through that the index of words is asked too."""
    import sys

    module = sys.modules[whole_search.__module__]
    for name, value in {"LOOKED_THROUGH": 90, "_FOLLOWED": 90, "_CANDIDATES": (10, 40)}.items():
        monkeypatch.setattr(module, name, value)
    with store.transaction() as session:
        AUDIT.append_all(session, [made(place) for place in range(600)])
        complete_tiles(session)
    return store


@pytest.mark.req("RT3")
def test_the_index_of_words_tells_nothing_of_another_tenant(many: Store) -> None:
    from dataclasses import replace

    from sqlalchemy import text

    other = replace(many, tenant="another")
    with other.transaction() as session:
        AuditLog().append(session, event(reason="mine alone"))
        assert [item.sequence for item in search(session, AuditQuery(text="alone")).events] == [0]
        assert search(session, AuditQuery(text="even")).events == ()
        ask = text("SELECT audit_places_with('''even'''::tsquery, 0, 1000, 10)")
        assert session.execute(ask).all() == []
        assert known_actions(session) == ["app.created"]


@pytest.mark.req("OB2")
def test_the_histogram_counts_by_ending_and_leaves_no_gap(log: Store) -> None:
    with log.transaction() as session:
        bars = histogram(session, parse_terms(["since=6h"], NOW), NOW)
        assert (bars.total, sum(bar.bad for bar in bars.bars)) == (5, 2)
        starts = [bar.start for bar in bars.bars]
        assert all(later - earlier == bars.step for earlier, later in pairwise(starts))
        assert histogram(session, parse_terms(["action=no.such"], NOW), NOW).bars == ()


@pytest.mark.req("OB2")
def test_an_event_says_where_it_came_from_and_for_whom(store: Store) -> None:
    with store.transaction() as session, arriving(Origin("10.1.2.3", client_kind("Mozilla/5.0 (X11)"))):
        AUDIT.note(session, "agent:coder/for/user:ada@example.com", "app.pushed", "app:a/b", after={"commit": "c0ffee"})
    with store.transaction() as session:
        AUDIT.note(session, "plane:editor", "app.started", "app:a/b")
        later, first = (item.event for item in search(session, AuditQuery()).events)
    assert (first.client, first.client_kind, first.acting_for) == ("10.1.2.3", "browser", "user:ada@example.com")
    assert first.after == {"commit": "c0ffee"}
    assert (later.client, later.acting_for, later.after) == ("", "", None)


@pytest.mark.req("OB2")
def test_the_bytes_of_events_without_the_later_facts_are_as_they_were() -> None:
    old = AuditEvent(id="evt_1", time=NOW, actor="user:a@example.com", action="app.created", resource="app:a/b")
    assert canonical_bytes(old) == (
        b'{"action":"app.created","actor":"user:a@example.com","app":"","context":{},"deciders":[],"id":"evt_1",'
        b'"outcome":"success","plane":"","reason":"","release":"","resource":"app:a/b","tenant":"default",'
        b'"time":"2026-11-28T12:00:00Z","trace":""}'
    )
