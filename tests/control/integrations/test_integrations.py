from contextlib import nullcontext
from dataclasses import replace

import pytest
from pydantic import ValidationError

from bailiwick.control.integrations import UnknownIntegrationError
from bailiwick.control.integrations.service import merge
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.grants import ColumnGrant, DayLimits, FieldMask, Mask, Operation, RowLog, TableGrant
from bailiwick.core.manifest import parse_manifest
from bailiwick.core.messages import AnyConnection, MysqlConnection
from bailiwick.core.reach_words import table_words
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
        ({"columns": [{"name": "id", "mask": "hash", "writable": True}]}, "shows what its values come to"),
        ({"row_log": {"key": ["ssn"]}}, "by ssn, which it does not show"),
        ({"columns": [{"name": "id", "mask": "last4"}], "row_log": {"key": ["id"]}}, "by id, which it does not show"),
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


@pytest.mark.req("IN7")
def test_whoever_may_write_a_column_does_not_see_what_a_key_makes_of_it() -> None:
    read = table(ColumnGrant(name="card", mask=Mask.HASH), operations={Operation.SELECT})
    assert merge([read])[0].columns[0].mask is Mask.HASH
    assert merge([read, WRITE])[0].columns[0].mask is Mask.NULL
    fraud = {"attribute": "team", "one_of": ["fraud"], "mask": "noise5"}
    some = table(
        ColumnGrant.model_validate({"name": "card", "mask": "null", "mask_for": [fraud]}), operations={Operation.SELECT}
    )
    assert merge([some, WRITE])[0].columns[0].mask_for == ()


@pytest.mark.req("IN7")
def test_what_only_postgresql_can_be_held_to_is_refused_for_others(company: Company) -> None:
    hashed = table(ColumnGrant(name="card", mask=Mask.DIGITS), operations={Operation.SELECT})
    places: dict[str, AnyConnection] = {
        "production": MysqlConnection(kind="mysql", host="127.0.0.1", database="shop", user="u", secret="s", tls=False)
    }
    other = replace(orders_db(), kind="mysql", connections=places, offers={"orders:read": (hashed,)})
    with company.control.store.transaction() as session:
        company.control.vault.put(session, "s", "the password of the shop", by="user:admin@example.com")
    company.control.integrations.register(company.people["admin"], other)  # these masks are made everywhere
    day: dict[str, object] = {"column": "day", "within_days": 30}
    written = {"relation": "orders", "operations": ["select"], "columns": ["id", {"name": "day", "writable": True}]}
    for changes, words in (
        ({"row_log": {"key": ["id"]}, "rows": [day]}, ""),
        ({"operations": ["insert"], "checks": [day]}, "to the days that passed"),
    ):
        offers = {"orders:read": (TableGrant.model_validate({**written, **changes}),)}
        with pytest.raises(InvalidInputError, match=words) if words else nullcontext():
            company.control.integrations.register(company.people["admin"], replace(other, offers=offers))
    with pytest.raises(ValidationError, match="for columns of databases only"):
        FieldMask(path="email", mask=Mask.HASH)


@pytest.mark.req("IN7")
def test_of_two_rules_the_smaller_limit_of_a_day_holds_and_a_larger_one_is_new() -> None:
    def of(**limits: dict[str, int]) -> TableGrant:
        return READ.model_copy(update={"per_day": DayLimits.model_validate(limits)})

    (merged,) = merge([of(app={"rows": 100}, person={"rows": 5}), of(app={"rows": 10, "bytes": 2**20})])
    assert merged.per_day == of(app={"rows": 10, "bytes": 2**20}, person={"rows": 5}).per_day
    words = table_words("orders-db", merged)
    assert "at most 10 rows and 1 MiB a day for all together; at most 5 rows a day for each person" in words


@pytest.mark.req("IN10")
def test_of_two_rules_rows_are_logged_as_the_stricter_one_says() -> None:
    def of(log: dict[str, object] | None) -> TableGrant:
        return READ.model_copy(update={"row_log": RowLog.model_validate(log) if log else None})

    clear, hashed = of({"key": ["id"], "written": "clear"}), of({"key": ["id"], "untold": "refused"})
    assert merge([clear, READ])[0].row_log == merge([READ, clear])[0].row_log == clear.row_log
    assert merge([clear, hashed])[0].row_log == hashed.row_log
    words = table_words("orders-db", hashed)
    assert "which rows is logged by id, hashed, and no statement that does not tell it" in words
