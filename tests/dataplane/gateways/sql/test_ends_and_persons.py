"""Grants that end, by the database's own clock, also in statements that were prepared before; and masks by person."""

from datetime import UTC, datetime

import psycopg
import pytest

from bailiwick.core.grants import DataGrant
from bailiwick.core.reach_words import table_words
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.faults import told
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.attacked import GRANT, attacked_database

__all__ = ["attacked_database"]
PAST, FUTURE = datetime(2020, 1, 31, 12, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STATEMENTS = {
    "SELECT count(*) FROM orders": (100,),
    "SELECT 1 FROM orders WHERE 1 / (id - id) = 1": None,
    "INSERT INTO refunds (order_id, amount) VALUES ('1', '5.5') RETURNING order_id": (1,),
    "UPDATE refunds SET amount = 2 RETURNING amount": (2,),
    "DELETE FROM refunds RETURNING order_id": (2,),
}


def ending(until: datetime) -> DataGrant:
    tables = [table.model_copy(update={"until": until, "purpose": "the audit"}) for table in GRANT.tables]
    return GRANT.model_copy(update={"tables": tuple(tables)})


@pytest.mark.req("IN7")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_nothing_is_read_or_written_after_the_end(attacked_database: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(attacked_database.url("gateway_attacks")) as connection:
        connection.execute("SET search_path = pg_catalog")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught:
            connection.execute(rewrite(statement, ending(PAST), {"region": "EMEA"}).sql.encode())
        fields = told({"M": str(caught.value.diag.message_primary)}, own=False)
        assert fields["C"] == "42501"
        assert fields["M"].startswith("this app's grant on ")
        assert fields["M"].endswith(" ended on 2020-01-31")
        connection.rollback()
        connection.execute("SET search_path = pg_catalog")
        lasting = rewrite(statement, ending(FUTURE), {"region": "EMEA"}).sql.encode()
        if STATEMENTS[statement] is None:
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute(lasting)
        else:
            assert connection.execute(lasting).fetchone() == STATEMENTS[statement]
        connection.rollback()


@pytest.mark.req("IN7")
def test_end_and_purpose_are_said() -> None:
    assert table_words("orders-db", ending(PAST).tables[0]).endswith("; until 2020-01-31 12:00 UTC; for: the audit")


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({}, "•••• 0004"),
        ({"team": "fraud"}, "CANARY-000004"),
        ({"team": "guests"}, None),
        ({"team": "guests", "level": "fraud"}, None),
        ({"team": "Fraud"}, "•••• 0004"),
        ({"level": "fraud"}, "•••• 0004"),
    ],
)
def test_a_mask_goes_by_who_asks(
    attacked_database: EmbeddedPostgres, attributes: dict[str, str], shown: str | None
) -> None:
    masks = [{"attribute": "team", "one_of": ["fraud"]}, {"attribute": "team", "one_of": ["guests"], "mask": "null"}]
    column = {"name": "card", "mask": "last4", "mask_for": masks}
    table = {"relation": "orders", "operations": ["select"], "columns": ["id", column]}
    grant = DataGrant.model_validate({"integration": "orders-db", "tables": [table]})
    with psycopg.connect(attacked_database.url("gateway_attacks")) as connection:
        connection.execute("SET search_path = pg_catalog")
        statement = rewrite("SELECT card FROM orders WHERE id = 4", grant, attributes).sql
        assert connection.execute(statement.encode()).fetchone() == (shown,)


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("sites", "count"), [("north", 1), ("north, south", 2), ("north,,", 1), (",", 0), ("o'north\\", 0), ("NORTH", 0)]
)
def test_an_attribute_with_several_values_opens_the_rows_of_each_and_no_others(
    attacked_database: EmbeddedPostgres, sites: str, count: int
) -> None:
    rows = [{"column": "site", "one_of_attribute": "sites"}]
    table = {"relation": "places", "operations": ["select"], "columns": ["site"], "rows": rows}
    grant = DataGrant.model_validate({"integration": "orders-db", "tables": [table]})
    with psycopg.connect(attacked_database.url("gateway_attacks")) as connection:
        connection.execute("CREATE TABLE public.places (site text)")
        connection.execute("INSERT INTO public.places VALUES ('north'), ('south'), (''), (NULL), ('FALSE')")
        statement = rewrite("SELECT count(*) FROM places", grant, {"sites": sites}).sql
        assert connection.execute(statement.encode()).fetchone() == (count,)
        connection.rollback()
    for nobody in ({}, {"sites": ""}, {"sites": "a\0b"}):
        with pytest.raises(StatementRefusedError, match="no person with one is behind"):
            rewrite("SELECT count(*) FROM places", grant, nobody)
