"""The gateway against PostgreSQL's own row security and masking views, on the same policies and queries."""

from random import Random

import pytest

from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, TableGrant
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from tests.fixtures.native_security import Twins, twins
from tests.fixtures.random_sql import ATTRIBUTES, Queries, policy
from tests.fixtures.tpch import QUERIES, TABLES

__all__ = ["twins"]
_ROWS = {
    "nation": [{"column": "n_nationkey", "none_of": [3, 11]}],
    "customer": [{"any_of": [{"column": "c_mktsegment", "one_of": ["BUILDING", "MACHINERY"]},
                             {"column": "c_nationkey", "equals_attribute": "nation"}]}],
    "orders": [{"column": "o_orderdate", "above": "1992-06-30"}, {"column": "o_custkey", "at_most": 85}],
    "supplier": [{"column": "s_acctbal", "at_least": -300}],
    "lineitem": [{"column": "l_shipmode", "none_of": ["AIR REG"]}],
}  # fmt: skip
_MASKS = {"c_phone": "last4", "c_address": "full", "s_address": "first1", "c_name": "last2", "s_phone": "null"}


def tpch_grant(*, limited: bool) -> DataGrant:
    tables = []
    for name, columns in TABLES.items():
        names = [part.split()[0] for part in columns.split(", ")]
        granted = [{"name": column, "mask": _MASKS.get(column) if limited else None} for column in names]
        rows = _ROWS.get(name, []) if limited else []
        tables.append({"relation": name, "operations": ["select"], "columns": granted, "rows": rows})
    return DataGrant(integration="tpch", tables=tuple(map(TableGrant.model_validate, tables)))


@pytest.mark.req("IN7")
@pytest.mark.parametrize("limited", [False, True], ids=["everything", "rows-and-masks"])
def test_the_22_queries_of_tpc_h_come_to_the_same(twins: Twins, limited: bool) -> None:
    grant = tpch_grant(limited=limited)
    twins.follow(grant, ATTRIBUTES)
    answers = [twins.ask(query, grant, ATTRIBUTES) for query in QUERIES]
    assert len(answers) == 22
    assert [number + 1 for number, (ours, native) in enumerate(answers) if ours != native] == []
    assert [number + 1 for number, (ours, _) in enumerate(answers) if ours[0] != "00000"] == []
    if not limited:
        # On what is empty on both sides nothing would be proved.
        assert [number + 1 for number, (ours, _) in enumerate(answers) if ours[1] in ([], ["(None,)"])] == []


@pytest.mark.req("IN7")
@pytest.mark.parametrize("seed", range(10))
def test_random_queries_under_random_policies_come_to_the_same(twins: Twins, seed: int) -> None:
    random = Random(seed)
    grant = policy(random)
    twins.follow(grant, ATTRIBUTES)
    queries = Queries(random, grant)
    told = full = 0
    for _ in range(30):
        query = queries.query()
        ours, native = twins.ask(query, grant, ATTRIBUTES)
        assert ours == native, query
        told += ours[0] == "00000"
        full += ours[0] == "00000" and ours[1] not in ([], ["(0,)"])
    assert told == 30
    assert full >= 3


@pytest.mark.req("IN7")
def test_a_column_that_the_policy_leaves_out_is_not_there_on_either_side(twins: Twins) -> None:
    table = TableGrant(relation="part", operations=frozenset({Operation.SELECT}), columns=(ColumnGrant(name="p_size"),))
    grant = DataGrant(integration="tpch", tables=(table,))
    twins.follow(grant, ATTRIBUTES)
    ours, native = twins.ask("SELECT p_name FROM part", grant, ATTRIBUTES)
    assert (ours[0], native[0]) == ("42703", "42703")


@pytest.mark.req("IN7")
def test_rows_of_the_last_days_go_with_the_database_s_clock_and_no_app_moves_it(twins: Twins) -> None:
    recent = {"column": "o_orderdate", "within_days": 12_000}
    table = {"relation": "orders", "operations": ["select"], "columns": ["o_orderkey", "o_orderdate"], "rows": [recent]}
    grant = DataGrant(integration="tpch", tables=(TableGrant.model_validate(table),))
    twins.follow(grant, ATTRIBUTES)
    ours, native = twins.ask("SELECT count(*), min(o_orderdate) FROM orders", grant, ATTRIBUTES)
    assert ours == native
    with pytest.raises(StatementRefusedError, match="which rows are given here goes by it"):
        rewrite("SET timezone = 'Pacific/Kiritimati'", grant, ATTRIBUTES)
