from dataclasses import replace

import pytest

from bailiwick.control.integrations import UnknownIntegrationError
from bailiwick.control.integrations.service import merge
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.grants import ColumnGrant, Mask, Operation, TableGrant
from bailiwick.core.manifest import parse_manifest
from tests.fixtures.company import MANIFEST, Company, orders_db


def table(*columns: ColumnGrant, operations: set[Operation]) -> TableGrant:
    return TableGrant(relation="orders", operations=frozenset(operations), columns=columns)


READ = table(ColumnGrant(name="id"), ColumnGrant(name="card", mask=Mask.LAST4), operations={Operation.SELECT})
WRITE = table(
    ColumnGrant(name="card", writable=True), ColumnGrant(name="note", writable=True), operations={Operation.INSERT}
)


@pytest.mark.req("IN7")
def test_a_rule_that_only_writes_opens_no_column_to_readers() -> None:
    (merged,) = merge([READ, WRITE])
    columns = {column.name: column for column in merged.columns}
    assert (columns["note"].readable, columns["note"].writable) == (False, True)
    assert (columns["card"].readable, columns["card"].mask, columns["card"].writable) == (True, Mask.LAST4, True)
    assert merge([WRITE, READ])[0].operations == merged.operations
    assert {column.name: column for column in merge([WRITE, READ])[0].columns} == columns


@pytest.mark.req("IN7")
def test_a_column_is_masked_unless_a_rule_that_reads_it_does_not_mask() -> None:
    plain = table(ColumnGrant(name="card"), operations={Operation.SELECT})
    assert merge([READ, plain])[0].columns[1].mask is None
    assert merge([READ, READ])[0].columns[1].mask is Mask.LAST4


@pytest.mark.req("IN6")
def test_what_was_switched_off_stays_off_when_it_is_registered_again(company: Company) -> None:
    control, admin = company.control, company.people["admin"]
    control.integrations.set_enabled(admin, "orders-db", enabled=False, reason="a leak")
    control.integrations.register(admin, orders_db(enabled=True))
    with control.store.transaction() as session:
        assert control.integrations.enabled(session) == {"orders-db": False}
    control.integrations.set_enabled(admin, "orders-db", enabled=True, reason="mended")
    with control.store.transaction() as session:
        assert control.integrations.enabled(session) == {"orders-db": True}


@pytest.mark.req("IN6", "ID1")
def test_switching_needs_an_administrator_and_is_audited(company: Company) -> None:
    with pytest.raises(ForbiddenError):
        company.control.integrations.set_enabled(company.people["builder"], "orders-db", enabled=False, reason="x")
    company.control.integrations.set_enabled(company.people["admin"], "orders-db", enabled=False, reason="a leak")
    assert company.actions()[-1] == ("integration.disabled", "user:admin@example.com")


@pytest.mark.req("RV4")
def test_a_mistyped_integration_is_answered_with_the_nearest(company: Company) -> None:
    manifest = parse_manifest(MANIFEST.replace("orders-db", "order-db"))
    with company.control.store.transaction() as session, pytest.raises(UnknownIntegrationError) as unknown:
        company.control.integrations.resolve(session, manifest, "finance", "production")
    assert unknown.value.hint == "did you mean 'orders-db'?"


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checks": [{"column": "id", "at_most": "5"}]}, "which nobody may write"),
        ({"checks": [{"column": "note", "above": "5"}]}, "cannot be held to"),
        ({"rows": [{"column": "region", "none_of": ["EMEA"]}]}, "cannot be held to"),
        ({"rows": [{"any_of": [{"column": "region", "equals": "EMEA"}]}]}, "cannot be held to"),
        ({"columns": ["id", {"name": "id", "mask": "null"}]}, "says two things of orders.id"),
    ],
)
def test_a_grant_that_no_statement_can_be_held_to_is_not_registered(
    company: Company, changes: dict[str, object], words: str
) -> None:
    written = {"relation": "orders", "operations": ["insert"], "columns": ["id", {"name": "note", "writable": True}]}
    grant = TableGrant.model_validate({**written, **changes})
    integration = replace(orders_db(), offers={"orders:write": (grant,)})
    with pytest.raises(InvalidInputError, match=words):
        company.control.integrations.register(company.people["admin"], integration)


@pytest.mark.req("IN7")
def test_rules_that_mask_for_other_persons_hide_from_all_and_one_that_does_not_read_changes_nothing() -> None:
    fraud = {"attribute": "team", "one_of": ["fraud"]}
    card = {"name": "card", "mask": "last4", "mask_for": [fraud]}
    masked = table(ColumnGrant.model_validate(card), operations={Operation.SELECT})
    other = table(
        ColumnGrant.model_validate({**card, "mask_for": [{**fraud, "mask": "null"}]}), operations={Operation.SELECT}
    )
    (column,) = merge([masked, table(ColumnGrant(name="card", writable=True), operations={Operation.UPDATE})])[
        0
    ].columns
    assert (column.mask, column.mask_for, column.writable) == (Mask.LAST4, masked.columns[0].mask_for, True)
    (column,) = merge([masked, other])[0].columns
    assert (column.mask, column.mask_for) == (Mask.NULL, ())
    assert merge([masked, masked])[0].columns == masked.columns
    plain = table(ColumnGrant(name="card"), operations={Operation.SELECT})
    assert merge([masked, plain])[0].columns == plain.columns
