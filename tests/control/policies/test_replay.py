"""Replays: past decisions are kept with their facts, and asked again of other policies."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bailiwick.control.policies import Replay
from bailiwick.control.policies.errors import PolicyNotValidError
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.messages import AskedQuestion, DecisionsReport, ReportBatch, Sequenced
from bailiwick.core.policy import (
    CustomerSet,
    Journal,
    PolicyEngine,
    Question,
    Resource,
    cascade,
    read_question,
    write_question,
)
from bailiwick.core.principals import Identity, Principal, SignIn
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import ORGANIZATION, in_force

OFFICE = """@id("office") @reason("apps are stopped from the office only")
forbid (principal is Person, action == Action::"app.kill", resource)
unless { context.request.address.isInRange(ip("10.0.0.0/8")) };"""


def ask(company: Company, who: str, action: str, address: str = "") -> None:
    """Ask as an action does whose answer takes effect."""
    identity = replace(company.people[who], address=address)
    with contextlib.suppress(ForbiddenError), company.control.store.transaction() as session:
        company.control.authorizer.require(session, identity, action, f"app:{APP}")


def replayed(company: Company, policies: str, who: str = "admin") -> Replay:
    with company.control.store.transaction() as session:
        return company.control.policies.replay(
            session, company.people[who], CustomerSet("new", 0, ORGANIZATION, policies)
        )


def asked_in(company: Company) -> int:
    return replayed(company, "").decisions


@pytest.mark.req("ID1")
def test_a_replay_names_each_decision_that_would_come_out_differently(company: Company) -> None:
    for address in ("10.1.1.1", "192.0.2.1", "192.0.2.1"):
        ask(company, "admin", "app.kill", address)
    ask(company, "user", "app.kill", "192.0.2.1")
    found = replayed(company, OFFICE)
    assert found.different == 2
    (only,) = found.differences
    assert (only.principal, only.action, only.resource, only.times) == (
        "user:admin@example.com", "app.kill", f"app:{APP}", 2,
    )  # fmt: skip
    assert (only.was_allowed, only.allowed_now, only.allowed_then) == (True, True, False)
    assert only.deciders_now == ("organisation-administrators",)
    assert only.deciders_then == ("new@0/office",)
    assert found.complete
    assert found.words == f"of {found.decisions} decisions in 30 days 2 would have come out differently"


@pytest.mark.req("ID1")
def test_a_refusal_is_remembered_although_its_transaction_came_to_nothing(company: Company) -> None:
    ask(company, "user", "app.kill")
    open_to_all = (
        '@id("all") @reason("anybody stops apps")\npermit (principal, action == Action::"app.kill", resource);'
    )
    (only,) = replayed(company, open_to_all).differences
    assert (only.was_allowed, only.allowed_then, only.principal) == (False, True, "user:user@example.com")


@pytest.mark.req("ID1")
def test_a_replay_compares_with_what_is_in_force_not_with_what_was(company: Company) -> None:
    ask(company, "admin", "app.kill")
    in_force(company)
    assert replayed(company, OFFICE).different == 0
    with company.control.store.transaction() as session:
        back = company.control.policies.replay(
            session, company.people["admin"], CustomerSet("house", 0, ORGANIZATION, "// nothing")
        )
    assert [(item.was_allowed, item.allowed_now, item.allowed_then) for item in back.differences] == [
        (True, False, True)
    ]


def test_questions_in_lists_and_what_if_questions_are_not_remembered(company: Company) -> None:
    before = asked_in(company)
    with company.control.store.transaction() as session:
        company.control.catalog.list_apps(session, company.people["user"])
        company.control.authorizer.decide(session, company.people["user"], "app.kill", f"app:{APP}")
        company.control.access.evaluate(session, company.people["user"], "app.kill", f"app:{APP}")
    # A replay itself needs leave to read policies.
    assert asked_in(company) - before == 1


def test_what_is_older_than_30_days_is_forgotten(company: Company) -> None:
    ask(company, "admin", "app.kill")
    company.control.policies.memory.keep()
    with company.control.store.transaction() as session:
        session.execute(text("UPDATE decisions_asked SET day = day - 31, last = last - interval '31 days'"))
    assert replayed(company, OFFICE).different == 0
    company.control.policies.memory.forget()
    with company.control.store.transaction() as session:
        oldest = session.scalar(text("SELECT min(day) FROM decisions_asked"))
    assert oldest >= utc_now().date() - timedelta(days=1)


def test_of_too_many_questions_the_newest_are_kept(company: Company) -> None:
    memory = replace(company.control.policies.memory, most_kept=2)
    for who in ("admin", "security", "user"):
        ask(company, who, "app.kill")
        memory.keep()
    memory.forget()
    with company.control.store.transaction() as session:
        kept = session.scalars(text("SELECT question->>'principal' FROM decisions_asked ORDER BY last")).all()
    assert kept == ["user:security@example.com", "user:user@example.com"]


@pytest.mark.req("ID1")
def test_planes_tell_what_they_decided_and_what_cannot_be_read_is_counted(company: Company) -> None:
    person = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}), {"country": "US"})
    resource = Resource("App", f"app:{APP}", cascade([("app-user", "user:u@example.com")]))
    question = Question(person, "app.use", resource, utc_now(), "production", {"mode": "production"})
    today = utc_now()
    good = AskedQuestion(
        key="a", day=today.date(), question=write_question(question), allowed=True, deciders=("app-users",), times=41,
        last=today,
    )  # fmt: skip
    bad = good.model_copy(update={"key": "b", "question": {"principal": "nobody"}, "times": 3})
    report = DecisionsReport(asked=(good, bad))
    batch = ReportBatch(spool="s", reports=(Sequenced(sequence=1, report=report),))
    for _ in range(2):
        company.control.planes.take_reports("production", ReportBatch.model_validate_json(batch.model_dump_json()))
    eu = """@id("eu") @reason("people in the EU only")
    forbid (principal is Person, action == Action::"app.use", resource) unless { principal.country == "DE" };"""
    found = replayed(company, eu)
    assert (found.different, found.unreadable) == (41, 3)


@pytest.mark.req("ID1")
def test_a_replay_needs_the_audit_log_s_reader_and_a_text_without_faults(company: Company) -> None:
    for who in ("builder", "user"):
        with pytest.raises(ForbiddenError):
            replayed(company, OFFICE, who)
    with pytest.raises(PolicyNotValidError, match="line 2"):
        replayed(company, OFFICE.replace("app.kill", "app.kil"))


@pytest.mark.req("ID1")
def test_who_looks_after_a_folder_replays_what_was_asked_in_it(company: Company) -> None:
    admin = company.people["admin"]
    company.control.identity.roles.assign(admin, "folder-admin", "group:second", "folder:finance")
    company.control.catalog.create_folder(admin, "finance-eu")
    company.control.catalog.create_app(admin, "finance-eu/desk")
    ask(company, "admin", "app.rollback")
    with company.control.store.transaction() as session:
        company.control.authorizer.require(session, admin, "app.rollback", "app:finance-eu/desk")
    mine = CustomerSet("new", 0, "folder:finance", OFFICE.replace("app.kill", "app.rollback"))
    with company.control.store.transaction() as session:
        found = company.control.policies.replay(session, company.people["second"], mine)
        everything = company.control.policies.replay(session, admin, mine)
    assert [item.resource for item in found.differences] == [f"app:{APP}"]
    assert 0 < found.decisions < everything.decisions
    with pytest.raises(ForbiddenError):
        replayed(company, OFFICE, "second")


def test_a_question_that_was_written_is_answered_the_same() -> None:
    engine = PolicyEngine.built_in()
    person = Identity(
        Principal("user", "u@example.com"),
        frozenset({"user:u@example.com", "group:g"}),
        {"country": "DE", "x": "y"}, 3, SignIn(125, second_factor=True), "10.0.0.1",
    )  # fmt: skip
    resource = Resource("App", "app:a/b", cascade([("org-admin", "group:g")]), frozenset({"customer"}))
    context = {"authors": frozenset({"user:a@b.c"}), "requested_by": "user:a@b.c", "first_deploy": True}
    question = Question(
        person, "app.approve", resource, datetime(2026, 1, 5, 12, 44, 3, tzinfo=UTC), "control", context
    )
    again = read_question(write_question(question))
    assert engine.answer(again) == engine.answer(question)
    assert (again.time.minute, again.time.second, again.identity.sign_in) == (30, 0, SignIn(0, second_factor=True))
    assert again.context == context


def test_a_question_of_before_something_more_was_asked_about_is_still_answered() -> None:
    person = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}))
    written = write_question(
        Question(
            person,
            "model.call",
            Resource("Model", "model:large", cascade(())),
            datetime(2026, 1, 5, tzinfo=UTC),
            "production",
        )
    )
    written["context"] = {"app": "", "declared": False, "scopes": [], "open_to": ["user:u@example.com"]}
    assert PolicyEngine.built_in().answer(read_question(written)).allowed


def test_the_journal_counts_what_is_the_same_and_what_it_has_no_room_for() -> None:
    journal, engine = Journal(most=1), PolicyEngine.built_in()
    person = Identity(Principal("user", "u@example.com"), frozenset({"user:u@example.com"}))
    for name in ("app:a/b", "app:a/b", "app:a/c"):
        question = engine.question(person, "app.read", Resource("App", name, cascade([])))
        journal.add(question, engine.answer(question))
    (only,) = journal.take()
    assert (only.times, only.day, journal.lost) == (2, utc_now().date(), 1)
    assert journal.take() == []
