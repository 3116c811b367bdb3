"""Seeing a secret: refused by default, agreed to by another person, once, soon, and in the log before it is shown."""

from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.rotated import put

pytestmark = pytest.mark.req("SE1")
VALUE, WHY = "the-key-of-the-crm", "the vendor asks for it"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def known(company: Company) -> Company:
    put(company, "crm-key", VALUE)
    return company


def test_another_person_agrees_and_the_value_is_shown_once(known: Company, clock: MovingClock) -> None:
    service, people = known.control.reveals, known.people
    asked = service.ask(people["admin"], "crm-key", f"{WHY}: is it {VALUE}?")
    assert asked.reason == f"{WHY}: is it •••?"
    for who in ("admin", "security"):
        with pytest.raises(ForbiddenError):
            service.value(people[who], asked.id)
    with pytest.raises(ForbiddenError, match="did not ask"):
        service.approve(people["admin"], asked.id, "I agree with myself")
    with pytest.raises(ForbiddenError):
        service.approve(people["builder"], asked.id, "why not")
    service.approve(people["security"], asked.id, "I know why")
    with pytest.raises(ForbiddenError, match="whoever asked"):
        service.value(people["security"], asked.id)
    shown, value = service.value(people["admin"], asked.id)
    assert (shown.outcome, value) == ("revealed", VALUE)
    with pytest.raises(ConflictError, match="shown once"):
        service.value(people["admin"], asked.id)
    said = [item for item in known.actions() if item[0].startswith("secret.reveal")]
    assert said[-1] == ("secret.revealed", "user:admin@example.com")
    with known.control.store.transaction() as session:
        events = search(session, AuditQuery(action="secret.revealed"), limit=50).events
    assert [item.event.outcome for item in events] == ["success", "refused", "refused", "refused"]
    assert VALUE not in repr(events)
    assert VALUE not in repr(service.of(people["admin"], "crm-key"))


def test_it_is_in_the_log_before_the_value_is_read(known: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    service, people, actions = known.control.reveals, known.people, []
    asked = service.ask(people["admin"], "crm-key", WHY)
    service.approve(people["security"], asked.id, "I know why")
    opener = known.control.vault.opener

    def reading(*arguments: Any) -> Any:
        actions.extend(known.actions())
        return opener(*arguments)

    monkeypatch.setattr(known.control.vault, "opener", reading)
    service.value(people["admin"], asked.id)
    assert actions[-1] == ("secret.revealed", "user:admin@example.com")


def test_a_wish_and_an_answer_end_soon(known: Company, clock: MovingClock) -> None:
    service, people = known.control.reveals, known.people
    late = service.ask(people["admin"], "crm-key", WHY)
    clock.move(minutes=16)
    with pytest.raises(ConflictError):
        service.approve(people["security"], late.id, "I know why")
    agreed = service.ask(people["admin"], "crm-key", WHY)
    service.approve(people["security"], agreed.id, "I know why")
    clock.move(minutes=16)
    with pytest.raises(ConflictError):
        service.value(people["admin"], agreed.id)


def test_who_may_not_ask_and_what_is_not_there_is_refused(known: Company) -> None:
    service, people = known.control.reveals, known.people
    with pytest.raises(ForbiddenError):
        service.ask(people["builder"], "crm-key", WHY)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        service.ask(people["admin"], "crm-key", "")
    with pytest.raises(NotFoundError):
        service.ask(people["admin"], "no-such-secret", WHY)
    with pytest.raises(NotFoundError):
        service.value(people["admin"], "rvl_none")
