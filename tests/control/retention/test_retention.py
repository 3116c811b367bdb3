"""Retention: what has ended goes, what is held or not delivered stays, and the tree is what it was."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bailiwick.control.app import running
from bailiwick.control.audit import (
    AuditLog,
    AuditQuery,
    RetentionRules,
    Scope,
    Verification,
    event_at,
    export_lines,
    search,
    sign_checkpoint,
    verify_export,
)
from bailiwick.control.retention import RetentionService
from bailiwick.control.settings import AuditRetention
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store
from tests.control.exporters.test_worker import uids
from tests.fixtures.company import Company

KEY = SigningKey.generate()
TODAY = datetime.now(UTC)


class Archive:
    """A log whose events were written long ago, and what lets them expire."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.store: Store = company.control.store
        self.now = TODAY
        self.audit = AuditLog(lambda: self.now)
        self.exported: int | None = None
        # The horizon begins at the newest event, which in a log that is in use is one of today.
        self.write(1, days_ago=0)
        self.expire()

    def write(self, count: int, *, days_ago: int, time_days_ago: int | None = None, **fields: object) -> int:
        """Write events, and sign them on the day they came in; return the place of the first."""
        self.now = TODAY - timedelta(days=days_ago)
        time = self.now if time_days_ago is None else TODAY - timedelta(days=time_days_ago)
        values = {
            "actor": "user:a@example.com",
            "action": "query.executed",
            "resource": "integration:orders",
            "time": time,
        }
        with self.store.transaction() as session:
            events = [AuditEvent.model_validate({**values, **fields}) for _ in range(count)]
            first = self.audit.append_all(session, events)
            sign_checkpoint(session, KEY, lambda: self.now)
        self.now = TODAY
        return first

    def service(self, rules: RetentionRules | None = None) -> RetentionService:
        return RetentionService(
            rules or RetentionRules(),
            store=self.store,
            audit=self.audit,
            authorizer=self.company.control.authorizer,
            exported_before=lambda _: self.exported,
            clock=lambda: self.now,
        )

    def expire(self, rules: RetentionRules | None = None) -> int:
        return self.service(rules).expire().events

    def alive(self) -> list[int]:
        with self.store.transaction() as session:
            query = "SELECT sequence FROM audit_events WHERE body IS NOT NULL AND action <> 'audit.expired' ORDER BY 1"
            return list(session.scalars(text(query)))

    def export(self) -> list[bytes]:
        with self.store.transaction() as session:
            sign_checkpoint(session, KEY, lambda: self.now)
            return list(export_lines(session, KEY.public_text))

    def verify(self, change: Callable[[dict[str, object]], object] = lambda record: None) -> Verification:
        records = [json.loads(line) for line in self.export()]
        for record in records:
            change(record)
        return verify_export([json.dumps(record).encode() for record in records], KEY.public_text)


@pytest.fixture
def archive(company: Company) -> Archive:
    # What the company itself wrote today is signed with another key; here it only has to be in the tree first.
    with company.control.store.transaction() as session:
        sign_checkpoint(session, KEY, lambda: TODAY)
    return Archive(company)


def places(first: int, count: int) -> set[int]:
    return set(range(first, first + count))


@pytest.mark.req("OB2")
def test_old_events_lose_their_content_and_the_tree_still_verifies(archive: Archive) -> None:
    old = archive.write(5, days_ago=400, actor="user:gone@example.com")
    young = archive.write(3, days_ago=300)
    before = archive.verify()
    assert archive.expire() == 5
    assert not places(old, 5) & set(archive.alive())
    assert places(young, 3) <= set(archive.alive())
    after = archive.verify()
    assert after.intact, after.problem
    assert (after.expired, after.events) == (5, before.events + 1)
    with archive.store.transaction() as session:
        assert event_at(session, old) is None
        assert search(session, AuditQuery(actor="user:gone@example.com")).events == ()
        stated = search(session, AuditQuery(action="audit.expired")).events[0].event
        left = session.execute(text("SELECT * FROM audit_events WHERE sequence = :place"), {"place": old}).one()
    assert stated.context["places"] == (f"{old}-{old + 4}",)
    assert "gone" not in repr(left)
    assert left.event_id == ""
    assert archive.expire() == 0


@pytest.mark.req("OB2")
def test_each_class_has_a_time_of_its_own_and_the_longest_beginning_counts(archive: Archive) -> None:
    queries = archive.write(1, days_ago=100)
    refused = archive.write(1, days_ago=100, action="query.refused")
    sessions = archive.write(1, days_ago=500, action="session.created")
    others = archive.write(1, days_ago=370, action="app.killed")
    rules = RetentionRules(365, {"query.": 90, "query.refused": 730, "session.": 730})
    assert archive.expire(rules) == 2
    alive = set(archive.alive())
    assert {refused, sessions} <= alive
    assert not {queries, others} & alive


@pytest.mark.req("OB2")
def test_nothing_expires_that_an_exporter_has_not_delivered(archive: Archive) -> None:
    old = archive.write(6, days_ago=400)
    archive.exported = old + 2
    assert archive.expire() == 2
    assert places(old + 2, 4) <= set(archive.alive())
    archive.exported = old + 6
    assert archive.expire() == 4


@pytest.mark.req("OB2")
def test_a_clock_that_jumps_by_years_takes_nothing_at_once(archive: Archive) -> None:
    recent = archive.write(5, days_ago=10)
    assert archive.expire() == 0
    archive.now = TODAY + timedelta(days=5 * 365)
    for _ in range(20):
        assert archive.expire() == 0
    archive.now = TODAY + timedelta(days=1)
    assert archive.service().expire().horizon == archive.now
    assert places(recent, 5) <= set(archive.alive())


@pytest.mark.req("OB2")
def test_an_installation_that_was_off_catches_up_step_by_step(archive: Archive) -> None:
    recent = archive.write(5, days_ago=350)
    archive.now = TODAY + timedelta(days=20)
    runs = 1
    while archive.expire() == 0:
        runs += 1
        assert runs < 200
    assert 90 <= runs <= 91  # 15 days in strides of four hours
    assert not places(recent, 5) & set(archive.alive())


@pytest.mark.req("OB2")
def test_an_event_that_a_plane_dates_wrongly_is_as_old_as_its_checkpoint(archive: Archive) -> None:
    wrong = archive.write(1, days_ago=5, time_days_ago=2000)
    assert archive.expire() == 0
    assert wrong in archive.alive()


@pytest.mark.req("OB2")
def test_many_events_expire_in_batches_and_each_is_stated(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bailiwick.control.retention.service._BATCH", 10)
    monkeypatch.setattr("bailiwick.control.retention.service._MOST_BATCHES", 3)
    archive.write(45, days_ago=400)
    assert archive.expire() == 30
    assert archive.verify().intact
    assert archive.expire() == 15
    after = archive.verify()
    assert (after.intact, after.expired) == (True, 45)


@pytest.mark.req("OB2")
def test_a_hold_keeps_what_it_names_until_another_person_lifts_it(archive: Archive) -> None:
    people = archive.company.people
    held = archive.write(2, days_ago=400, actor="user:case@example.com")
    other = archive.write(2, days_ago=400)
    through = archive.write(1, days_ago=400, app="finance/desk")
    done_to = archive.write(1, days_ago=400, resource="app:finance/desk")
    outside = archive.write(1, days_ago=420, actor="user:case@example.com")
    service = archive.service()
    since = TODAY - timedelta(days=410)
    service.place(people["security"], "case-7", Scope(actor="user:case@example.com", since=since), "case 7")
    service.place(people["admin"], "desk", Scope(app="finance/desk"), "an inquiry")
    assert archive.expire() == 3
    alive = set(archive.alive())
    assert {held, held + 1, through, done_to} <= alive
    assert not {other, other + 1, outside} & alive
    with pytest.raises(ForbiddenError) as refused:
        service.lift(people["security"], "case-7", "I changed my mind")
    assert refused.value.deciders == ("holds-are-lifted-by-another-person",)
    assert service.lift(people["admin"], "case-7", "settled").lifted_by == str(people["admin"].principal)
    assert archive.expire() == 2
    actions = [action for action, _ in archive.company.actions() if action.startswith("audit-hold.")]
    assert actions == ["audit-hold.placed", "audit-hold.placed", "audit-hold.lifted"]
    with pytest.raises(NotFoundError):
        service.lift(people["admin"], "case-7", "twice")


@pytest.mark.req("OB2")
def test_holds_that_cannot_be_meant_or_by_others_are_refused(archive: Archive) -> None:
    service, people = archive.service(), archive.company.people
    for who in ("builder", "user", "approver"):
        with pytest.raises(ForbiddenError):
            service.place(people[who], "mine", Scope(), "hide")
        with pytest.raises(ForbiddenError):
            service.lift(people[who], "mine", "hide")
        with pytest.raises(ForbiddenError):
            service.holds(people[who])
    admin = people["admin"]
    for name, scope, reason in (
        ("../x", Scope(), "why"),
        ("all", Scope(), " "),
        ("all", Scope(since=TODAY, until=TODAY), "why"),
        ("all", Scope(since=TODAY.replace(tzinfo=None)), "why"),
    ):
        with pytest.raises(InvalidInputError):
            service.place(admin, name, scope, reason)
    service.place(admin, "all", Scope(), "everything")
    with pytest.raises(ConflictError):
        service.place(admin, "all", Scope(actor="x"), "narrower")
    archive.write(3, days_ago=400)
    assert archive.expire() == 0


@pytest.mark.req("OB2")
def test_the_database_itself_refuses_what_is_young_held_or_anothers(archive: Archive) -> None:
    young = archive.write(1, days_ago=89)
    old = archive.write(1, days_ago=91, actor="user:held@example.com")
    archive.service().place(archive.company.people["admin"], "one", Scope(actor="user:held@example.com"), "case")

    def take(store: Store, place: int) -> list[int]:
        with store.transaction() as session:
            return list(session.scalars(text("SELECT bailiwick_expire_audit_events(ARRAY[:place])"), {"place": place}))

    assert take(archive.store, young) == []
    assert take(archive.store, old) == []
    foreign = Store.connect(archive.store.owner_url, tenant="other")
    assert take(foreign, old) == []
    foreign.dispose()
    for statement in ("UPDATE audit_events SET body = NULL", "DELETE FROM audit_events"):
        with pytest.raises(ProgrammingError), archive.store.transaction() as session:
            session.execute(text(statement))


@pytest.mark.req("OB2")
def test_a_content_that_is_missing_without_a_word_of_the_log_is_found(archive: Archive) -> None:
    first = archive.write(4, days_ago=400)
    archive.write(4, days_ago=10)
    archive.expire()
    assert archive.verify().intact

    def take(place: int) -> Callable[[dict[str, object]], object]:
        def change(record: dict[str, object]) -> None:
            if record.get("sequence") == place:
                record.pop("event", None)
                record["expired"] = True

        return change

    assert archive.verify(take(first + 2)).intact
    for place in (first + 5, first - 1):
        result = archive.verify(take(place))
        assert not result.intact
        assert result.place == place
        assert "no event of the log says that its retention had ended" in result.problem


@pytest.mark.req("OB2")
@pytest.mark.parametrize("leaf", ["", "zz", "00" * 32, None, 7, "ab" * 31])
def test_a_leaf_that_is_none_is_found(archive: Archive, leaf: object) -> None:
    first = archive.write(2, days_ago=400)
    archive.expire()

    def change(record: dict[str, object]) -> None:
        if record.get("sequence") == first:
            record["leaf"] = leaf

    result = archive.verify(change)
    assert not result.intact
    assert result.problem


@pytest.mark.req("OB2")
def test_a_statement_of_expiry_explains_nothing_that_comes_after_it(archive: Archive) -> None:
    first = archive.write(1, days_ago=10, action="audit.expired", context={"places": ("0-999",), "count": 1})
    last = archive.write(1, days_ago=10)

    def change(record: dict[str, object]) -> None:
        if record.get("sequence") == last:
            record.pop("event")
            record["expired"] = True

    assert archive.verify(change).place == last
    assert first < last


@pytest.mark.req("OB2")
@pytest.mark.parametrize("wrong", [{"days": 89}, {"classes": {"query.": 30}}, {"classes": {"": 100}}, {"hours": 9}])
def test_settings_that_keep_too_little_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as fault:
        AuditRetention.model_validate(wrong)
    if "days" in wrong:
        assert "events are kept for 90 days at least" in str(fault.value)
    assert AuditRetention().days == 365


@pytest.mark.req("OB2")
async def test_expiry_runs_with_the_control_plane(archive: Archive) -> None:
    old = archive.write(2, days_ago=400)
    async with running(archive.company.control):
        for _ in range(100):
            if old not in archive.alive():
                break
            await asyncio.sleep(0.1)
    assert old not in archive.alive()


@pytest.mark.req("OB3")
def test_an_exporter_that_is_sent_back_passes_over_what_has_expired(company: Company, tmp_path: Path) -> None:
    archive = Archive(company)
    archive.write(3, days_ago=400)
    archive.expire()
    alive = archive.alive()
    (worker,) = company.control.exporters.workers()
    while worker.step() == 0:
        pass
    with archive.store.transaction() as session:
        stated = search(session, AuditQuery(action="audit.expired")).events[0].sequence
    assert uids(tmp_path / "lake") == [f"default/{place}" for place in sorted([*alive, stated])]


@pytest.fixture
def more_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    if "exporter" not in request.node.name:
        return {}
    (tmp_path / "lake").mkdir()
    return {
        "audit_exporters": [
            {"name": "lake", "kind": "folder", "path": tmp_path / "lake", "batch_events": 4, "batch_seconds": 0}
        ]
    }
