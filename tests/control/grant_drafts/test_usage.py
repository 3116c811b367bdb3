"""What apps used of their grants, by the audit log: said with its numbers, and drafted as the narrower grant."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bailiwick.control.grant_drafts import GrantUse, NothingToSaveError, read_back, usage
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.grants import DataGrant, Mask, Operation, RequestGrant, TableGrant
from bailiwick.core.messages import AuditReport
from bailiwick.core.reach import IntegrationReach, Reach
from tests.control.grant_drafts.conftest import tell
from tests.fixtures.company import APP, Company

pytestmark = pytest.mark.req("IN5", "IN8")
READ, WRITE = frozenset({Operation.SELECT}), frozenset({Operation.SELECT, Operation.UPDATE})


def table(name: str, *columns: object, operations: frozenset[Operation] = READ) -> TableGrant:
    return TableGrant.model_validate({"relation": name, "operations": operations, "columns": columns})


GRANT = DataGrant(
    integration="orders-db",
    tables=(
        table("orders", "id", "region", {"name": "mail", "mask": Mask.EMAIL}, "amount", operations=WRITE),
        table("refunds", "id"),
        table("customers", "id"),
    ),
    requests=(
        RequestGrant(methods=frozenset({"GET"}), path="/contacts/{id}"),
        RequestGrant(methods=frozenset({"POST"}), path="/notes/**"),
    ),
)


@pytest.fixture
def granted(company: Company) -> Company:
    reach = IntegrationReach(name="orders", resource="orders-db", grant=GRANT)
    held = {APP: Reach.model_construct(integrations=(reach,))}
    control = company.control
    company.control = replace(control, grant_usage=replace(control.grant_usage, reaches=lambda _session: held))
    return company


def ran(
    company: Company,
    statement: str,
    *tables: str,
    operation: str = "select",
    at: datetime | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    app: str = APP,
) -> None:
    context = {"statement": statement, "operation": operation, "tables": tables}
    event = AuditEvent(
        time=at or utc_now(), actor="user:a@example.com", action="query.executed", resource="integration:orders-db",
        outcome=outcome, app=app, context=context,
    )  # fmt: skip
    tell(company, AuditReport(event=event), plane="production")


def use_of(company: Company) -> GrantUse:
    with company.control.store.transaction() as session:
        [found] = company.control.grant_usage.uses(session, company.people["admin"], "orders-db")
    return found


def test_an_app_that_reads_one_of_three_tables_could_have_less(granted: Company) -> None:
    ran(granted, "SELECT o.id, Region FROM orders o WHERE amount > $1", "orders")
    ran(granted, "SELECT id FROM refunds", "refunds", at=utc_now() - timedelta(days=91))
    ran(granted, "SELECT id FROM refunds", "refunds", outcome=Outcome.FAILED)
    ran(granted, "SELECT id FROM customers", "customers", app="finance/other")
    found = use_of(granted)
    assert found.words == "reads 1 of 3 tables, never names 1 column of those, never makes 2 of its calls in 90 days"
    orders, refunds, customers = found.tables
    assert (orders.unused_columns, orders.unused_operations) == (("mail",), ("update",))
    assert not refunds.used
    assert not customers.used
    draft = granted.control.grant_usage.narrower(granted.people["admin"], "orders-db", APP)
    assert read_back("orders-db", draft.reading.tables) == ["select on orders: all rows; columns id, region, amount"]
    assert draft.reading.unasked == ()
    assert "nothing of refunds: the app did not use it" in draft.reading.not_given
    saved = granted.control.grant_drafts.save(
        granted.people["admin"], "orders-db", draft.id, rule="desk:read", reason="less does"
    )
    assert saved.rule == "desk:read"


@pytest.mark.parametrize("statement", ["SELECT * FROM orders", "SELECT id FROM orders WHERE " + "x" * 2000])
def test_a_statement_that_may_name_any_column_leaves_none_unused(granted: Company, statement: str) -> None:
    ran(granted, statement[:2000], "orders")
    assert use_of(granted).tables[0].unused_columns == ()


def test_who_writes_may_read_and_masks_stay(granted: Company) -> None:
    ran(granted, "UPDATE orders SET region = $1 WHERE mail = $2", "orders", operation="update")
    draft = granted.control.grant_usage.narrower(granted.people["admin"], "orders-db", APP)
    [orders] = draft.reading.tables
    assert orders.operations == WRITE
    assert {column.name: column.mask for column in orders.columns} == {"region": None, "mail": Mask.EMAIL}


def test_calls_are_known_by_the_patterns_that_open_them(granted: Company) -> None:
    for call in ("GET /contacts/17", "POST /contacts/17", "GET /notes/1/2"):
        event = AuditEvent(
            time=utc_now(), actor="app:finance/desk", action="service.called", resource="integration:orders-db",
            app=APP, context={"call": call},
        )  # fmt: skip
        tell(granted, AuditReport(event=event), plane="production")
    assert use_of(granted).unused_calls == ("POST /notes/**",)


def test_of_what_was_not_looked_at_whole_nothing_is_said_to_be_unused(
    granted: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_EVENTS", 1)
    for _ in range(2):
        ran(granted, "SELECT id FROM orders", "orders")
    found = use_of(granted)
    assert (found.complete, found.could_be_narrower, found.statements) == (False, False, 1)
    with pytest.raises(NothingToSaveError):
        granted.control.grant_usage.narrower(granted.people["admin"], "orders-db", APP)


def test_an_app_that_used_nothing_gets_no_draft_of_nothing(granted: Company) -> None:
    assert use_of(granted).words.startswith("reads 0 of 3 tables")
    with pytest.raises(NothingToSaveError, match="nothing narrower is known to do"):
        granted.control.grant_usage.narrower(granted.people["admin"], "orders-db", APP)


def test_only_who_keeps_integrations_sees_what_apps_do(granted: Company) -> None:
    for who in ("builder", "user", "security"):
        with granted.control.store.transaction() as session, pytest.raises(ForbiddenError):
            granted.control.grant_usage.uses(session, granted.people[who], "orders-db")
        with pytest.raises(ForbiddenError):
            granted.control.grant_usage.narrower(granted.people[who], "orders-db", APP)
