"""A large campaign asks the database as often as a small one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert

from bailiwick.control.access_reviews import Campaign, ItemFilter, Plan, Verdict
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.identity.tables import PersonRow, RoleRow
from bailiwick.core.clock import utc_now
from tests.fixtures.company import Company


def fill(company: Company, many: int) -> None:
    """Give as many people a role in one of a hundred folders each, half of them in a group too."""
    now = utc_now()
    people = [
        {
            "email": f"p{place}@example.com",
            "name": f"P {place}",
            "issuer": "https://idp",
            "subject": str(place),
            "groups": ["everybody"] if place % 2 else [],
            "attributes": {},
            "epoch": 0,
            "active": True,
            "last_seen": now,
        }
        for place in range(many)
    ]
    roles = [
        {
            "scope": f"folder:f{place % 100}",
            "role": "builder",
            "holder": f"user:p{place}@example.com",
            "given_by": "user:admin@example.com",
            "time": now,
        }
        for place in range(many)
    ]
    with company.control.store.transaction() as session:
        session.execute(insert(PersonRow), people)
        session.execute(insert(RoleRow), roles)


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def opened(company: Company) -> Campaign:
    reviews, admin = company.control.access_reviews, company.people["admin"]
    plan = Plan("Large", ORGANIZATION, utc_now() + timedelta(days=14))
    return reviews.open(admin, reviews.draft(admin, plan).id)


@pytest.mark.req("ID5")
def test_no_row_costs_a_question_of_its_own(company: Company) -> None:
    engine, reviews, admin = company.control.store.engine, company.control.access_reviews, company.people["admin"]

    def questions() -> list[int]:
        found = []
        with counting(engine) as asked:
            campaign = opened(company)
        found.append(len([it for it in asked if not it.startswith("INSERT INTO access_review_items")]))
        with counting(engine) as asked, company.control.store.transaction() as session:
            page = reviews.items(session, admin, campaign.id, ItemFilter(decided="no"), limit=400)
            reviews.waiting(session, admin)
            reviews.campaigns(session, admin)
        found.append(len(asked))
        with counting(engine) as asked:
            reviews.decide(admin, campaign.id, page.mine, Verdict.KEEP, "")
        found.append(len([it for it in asked if not it.startswith("UPDATE access_review_items")]))
        reviews.close(admin, campaign.id, "enough")
        return found

    questions()  # some is asked once, and known from then on
    few = questions()
    fill(company, 2000)
    assert questions() == few
