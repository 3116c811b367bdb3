"""Whoever a budget of models is of hears of it by mail, in chats and in the inbox: once for each level in a period."""

from typing import Any

import pytest

from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import AuditReport, ReportBatch, Sequenced
from tests.control.exporters.http_receiver import HttpReceiver
from tests.fixtures.company import APP, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.post_office import PostOffice

from .conftest import hear

pytestmark = pytest.mark.req("AI2")


@pytest.fixture
def more_settings(more_settings: dict[str, Any]) -> dict[str, Any]:
    models = [{"name": "nova", "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova",
               "price": {"input": 3, "output": 15}}]  # fmt: skip
    budgets = [{"name": "finance", "of": "folder:finance", "per": "month", "money": 500},
               {"name": "apps", "of": "each:app", "per": "day", "tokens": 9},
               {"name": "people", "of": "each:person", "per": "day", "tokens": 9}]  # fmt: skip
    return {**more_settings, "inference": ModelSettings.model_validate({"models": models, "budgets": budgets})}


class Planes:
    """Planes that tell of budgets."""

    def __init__(self, company: Company, clock: MovingClock) -> None:
        self._company = company
        self._clock = clock
        self._sent = 0

    def tell(self, budget: str, of: str, what: str = "warned", plane: str = "production", period: str = "") -> None:
        self._sent += 1
        day = f"{self._clock():%Y-%m-%d}"
        event = AuditEvent(
            time=utc_now(), actor=f"plane:{plane}", action=f"model.budget-{what}", resource=of, outcome=Outcome.SUCCESS,
            reason="400 of 500 EUR are used", plane=plane,
            context={"budget": budget, "period": period or (day[:7] if budget == "finance" else day), "unit": "money"},
        )  # fmt: skip
        item = Sequenced(sequence=self._sent, report=AuditReport(event=event))
        self._company.control.planes.take_reports(plane, ReportBatch(spool=f"{plane}{self._sent}", reports=(item,)))


@pytest.fixture
def planes(company: Company, clock: MovingClock) -> Planes:
    return Planes(company, clock)


def inbox(company: Company, who: str) -> list[tuple[str, str, str]]:
    with company.control.store.transaction() as session:
        found = company.control.budget_notices.waiting(session, company.people[who])
    return [(item.budget, item.of, item.level) for item in found]


def test_an_owner_hears_once_for_each_level_and_period_from_however_many_planes(
    company: Company, post_office: PostOffice, chat: HttpReceiver, planes: Planes, clock: MovingClock
) -> None:
    control = company.control
    hear(company, chat)
    for plane in ("production", "editor", "production"):
        planes.tell("finance", "folder:finance", plane=plane)
    control.notice_keeper.send_mail()
    control.notice_keeper.send_chat()
    assert post_office.recipients == ["admin@example.com"]
    month = f"{clock():%Y-%m}"
    sentence = f"The budget finance of folder:finance is nearly used in {month}: 400 of 500 EUR are used"
    said = post_office.text_for("admin@example.com").replace("\r\n", "\n")
    assert f"{sentence}.\n" in said
    assert "http://127.0.0.1:8400/models\n" in said
    assert "/decide/" not in said
    assert sentence in chat.sent[0].body.decode()
    assert len(chat.sent) == 1
    assert ("notice.sent", "service:notices") in company.actions()
    planes.tell("finance", "folder:finance", "stopped")
    planes.tell("finance", "folder:finance", "stopped", plane="editor")
    control.notice_keeper.send_mail()
    assert post_office.recipients == ["admin@example.com"] * 2
    assert sorted(inbox(company, "admin")) == [
        ("finance", "folder:finance", "near"), ("finance", "folder:finance", "stopped")
    ]  # fmt: skip
    # Its next period is another one, and what was of the last is in no inbox any more.
    clock.move(days=32)
    assert inbox(company, "admin") == []
    planes.tell("finance", "folder:finance", period=month)
    assert inbox(company, "admin") == []
    planes.tell("finance", "folder:finance")
    assert inbox(company, "admin") == [("finance", "folder:finance", "near")]


def test_it_is_told_to_whom_the_budget_is_of_and_to_nobody_else(
    company: Company, post_office: PostOffice, planes: Planes
) -> None:
    control, people = company.control, company.people
    planes.tell("apps", f"app:{APP}")
    planes.tell("people", "user:user@example.com")
    planes.tell("people", "user:left@example.com")
    for nothing in (("none", "folder:finance"), ("apps", f"app:{APP}", "called")):
        planes.tell(*nothing)
    control.notices.choose_mail(people["user"], mail=False)
    control.notice_keeper.send_mail()
    with control.store.transaction() as session:
        owner = control.catalog.owners(session, [APP])[APP].removeprefix("user:")
    assert post_office.recipients == sorted([owner, "user@example.com", "admin@example.com"])
    assert inbox(company, "user") == [("people", "user:user@example.com", "near")]
    assert inbox(company, "security") == []
    with control.store.transaction() as session:
        (notice,) = control.budget_notices.waiting(session, people["user"])
    with pytest.raises(NotFoundError):
        control.budget_notices.put_away(people["security"], notice.id)
    control.budget_notices.put_away(people["user"], notice.id)
    assert inbox(company, "user") == []
    assert company.actions()[-1] == ("model.budget-notice-seen", "user:user@example.com")
    with pytest.raises(NotFoundError):
        control.budget_notices.put_away(people["user"], notice.id)
