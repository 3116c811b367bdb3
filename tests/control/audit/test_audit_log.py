import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bailiwick.control.audit import AuditLog, AuditQuery, export_lines, search, sign_checkpoint, verify_export
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

KEY, AUDIT = SigningKey.generate(), AuditLog()


def event(number: int = 0, **fields: object) -> AuditEvent:
    values = {"actor": "user:a@example.com", "action": "app.created", "resource": f"app:finance/desk-{number}"}
    return AuditEvent.model_validate({"time": datetime.now(UTC), **values, **fields})


def write(store: Store, count: int) -> None:
    with store.transaction() as session:
        AUDIT.append_all(session, [event(number) for number in range(count)])


def exported(store: Store) -> list[bytes]:
    with store.transaction() as session:
        sign_checkpoint(session, KEY, utc_now)
        return list(export_lines(session, KEY.public_text))


@pytest.fixture
def log_of_ten(store: Store) -> list[bytes]:
    write(store, 4)
    exported(store)
    write(store, 6)
    return exported(store)


@pytest.mark.req("OB2")
def test_an_export_verifies_with_the_public_key_alone(log_of_ten: list[bytes]) -> None:
    result = verify_export(log_of_ten, KEY.public_text)
    assert result.intact
    assert (result.events, result.checkpoints) == (10, 2)


@pytest.mark.req("OB2")
@pytest.mark.parametrize("place", range(10))
def test_a_changed_byte_is_found_and_its_place_named(log_of_ten: list[bytes], place: int) -> None:
    lines = [
        line.replace(b"finance/desk", b"finance/dusk") if json.loads(line).get("sequence") == place else line
        for line in log_of_ten
    ]
    result = verify_export(lines, KEY.public_text)
    assert not result.intact
    assert result.place == place
    assert f"event {place} was changed" in result.problem


@pytest.mark.req("OB2")
@pytest.mark.parametrize("place", range(10))
def test_a_dropped_event_is_found_and_its_place_named(log_of_ten: list[bytes], place: int) -> None:
    lines = [line for line in log_of_ten if json.loads(line).get("sequence") != place]
    result = verify_export(lines, KEY.public_text)
    assert not result.intact
    assert result.place == place


@pytest.mark.req("OB2")
def test_a_forger_who_recomputes_leaves_is_caught_by_the_checkpoint(log_of_ten: list[bytes], store: Store) -> None:
    forged_event = json.loads(log_of_ten[2])["event"] | {"actor": "user:somebody-else@example.com"}
    from bailiwick.core.events import canonical_json
    from bailiwick.core.merkle import leaf_hash

    leaf = leaf_hash(canonical_json(forged_event)).hex()
    lines = list(log_of_ten)
    lines[2] = canonical_json({"sequence": 1, "leaf": leaf, "event": forged_event}) + b"\n"
    result = verify_export(lines, KEY.public_text)
    assert not result.intact
    assert "events 0 to 3 hold one that is not as it was signed" in result.problem


@pytest.mark.req("OB2")
def test_another_installations_key_does_not_verify(log_of_ten: list[bytes]) -> None:
    result = verify_export(log_of_ten, SigningKey.generate().public_text)
    assert not result.intact
    assert "not trusted" in result.problem


def test_events_that_no_checkpoint_covers_are_not_called_intact(log_of_ten: list[bytes]) -> None:
    assert "no checkpoint covers the events from 4" in verify_export(log_of_ten[:-1], KEY.public_text).problem


@pytest.mark.parametrize("lines", [[], [b"not json\n"], [b'{"format": "other"}\n'], [b"[]\n"]])
def test_what_is_no_export_is_said_to_be_none(lines: list[bytes]) -> None:
    with pytest.raises(InvalidInputError):
        verify_export(lines)


@pytest.mark.req("OB2")
def test_an_event_is_there_exactly_when_its_change_is(store: Store) -> None:
    with pytest.raises(RuntimeError, match="the change failed"), store.transaction() as session:
        AUDIT.append(session, event())
        raise RuntimeError("the change failed")
    with store.transaction() as session:
        assert search(session, AuditQuery()).events == ()
        assert AUDIT.append(session, event()) == 0


def test_writers_at_the_same_time_leave_no_gap(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(store, 3), range(20)))
    result = verify_export(exported(store), KEY.public_text)
    assert result.intact
    assert result.events == 60


@pytest.mark.req("OB2")
@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"])
def test_the_platforms_own_role_cannot_change_history(store: Store, statement: str) -> None:
    write(store, 1)
    with pytest.raises(ProgrammingError, match="permission denied"), store.transaction() as session:
        session.execute(text(statement))


@pytest.mark.req("RT3")
def test_a_tenant_sees_only_its_own_events(store: Store) -> None:
    write(store, 2)
    other = replace(store, tenant="another")
    with other.transaction() as session:
        assert search(session, AuditQuery()).events == ()
        assert session.execute(text("SELECT count(*) FROM audit_events")).scalar() == 0


@pytest.mark.req("OB2")
def test_search_answers_by_each_column_newest_first_in_pages(store: Store) -> None:
    with store.transaction() as session:
        AUDIT.append(session, event(1, action="query.executed", app="finance/desk", trace="ab" * 16))
        AUDIT.append(session, event(2, reason="the card number was 100% masked"))
        AUDIT.append(session, event(3, actor="user:b@example.com"))
    with store.transaction() as session:
        first = search(session, AuditQuery(), limit=2)
        assert [item.sequence for item in first.events] == [2, 1]
        assert [item.sequence for item in search(session, AuditQuery(), cursor=first.cursor).events] == [0]
        for query, places in {
            AuditQuery(app="finance/desk"): [0],
            AuditQuery(trace="ab" * 16): [0],
            AuditQuery(actor="user:b@example.com"): [2],
            AuditQuery(text="100% masked"): [1],
            AuditQuery(text="100_ masked"): [],
            AuditQuery(outcome="refused"): [],
        }.items():
            assert [item.sequence for item in search(session, query).events] == places
        with pytest.raises(InvalidInputError):
            search(session, AuditQuery(), cursor="1; DROP TABLE audit_events")
