from typing import Any

import pytest
from pydantic import ValidationError

from bailiwick.core.grants import DataGrant, Mask, RowCondition, TableGrant
from bailiwick.core.masks import masked_text
from bailiwick.core.reach import IntegrationReach, Reach
from bailiwick.core.reach_news import news
from bailiwick.core.reach_words import table_words


def table(**changes: Any) -> TableGrant:
    return TableGrant.model_validate(
        {
            "relation": "orders",
            "operations": ["select"],
            "columns": ["id", {"name": "card", "mask": "last4"}],
            **changes,
        }
    )


def reach(grant: TableGrant) -> Reach:
    data = DataGrant(integration="orders-db", tables=(grant,))
    return Reach(
        integrations=(IntegrationReach(name="orders", resource="orders-db", grant=data),),
        egress=(), models=(), jobs=(), data_classes=(), memory_bytes=0, cpu=0, requests_per_second=1,
    )  # fmt: skip


@pytest.mark.req("IN7")
def test_rules_about_rows_read_back_as_a_sentence() -> None:
    rules = [
        {"column": "region", "equals_attribute": "region"},
        {
            "any_of": [
                {"column": "status", "one_of": ["open", "held"]},
                {"all_of": [{"column": "amount", "at_most": 100}, {"column": "closed_at", "is_null": True}]},
            ]
        },
    ]
    said = table_words("orders-db", table(rows=rules, checks=[{"column": "amount", "at_least": 1}]))
    assert said == (
        "orders-db: select on orders: only rows whose region is the person's own region and only rows whose "
        "status is one of 'open', 'held' or (amount is at most '100' and closed_at is not given); "
        "columns id, card (masked to the last four); writes only where amount is at least '1'"
    )


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"column": "a"}, "makes one comparison"),
        ({"column": "a", "equals": "1", "above": "0"}, "makes one comparison"),
        ({"column": "a", "one_of": []}, "at least 1 item"),
        ({"column": "a", "below": "01/02/2026"}, "can be read in two ways"),
        ({"column": "a", "equals": "x\0"}, "NUL"),
        ({"column": "a", "none_of": [False]}, "in quotes"),
        ({"column": 'a"b', "equals": "x"}, "should match pattern"),
        ({"any_of": []}, "at least 1 item"),
        ({"column": "a", "like": "%"}, "not permitted"),
    ],
)
def test_a_rule_that_says_nothing_clear_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        table(rows=[rule])


@pytest.mark.req("DG2")
def test_what_was_approved_before_there_were_more_rules_stays_approved() -> None:
    grant = TableGrant.model_validate(
        {
            "relation": "orders",
            "operations": ["select", "insert", "update", "delete"],
            "columns": ["id", {"name": "card", "mask": "last4"}],
            "rows": [{"column": "region", "equals_attribute": "region"}, {"column": "kind", "equals": "open"}],
        }
    )
    assert reach(grant).digest() == "464a6aea256e477d94d84cc51f71f3d541f55833fd076f711840e309fed39ffc"
    assert (
        reach(table(rows=[{"column": "a", "above": 1}])).digest()
        != reach(table(rows=[{"column": "a", "above": 2}])).digest()
    )


@pytest.mark.req("DG2")
def test_fewer_rules_and_fewer_checks_are_something_new_to_approve() -> None:
    rule, check = {"column": "a", "one_of": ["x"]}, {"column": "card", "at_most": "5"}
    narrow, wide = table(rows=[rule], checks=[check]), table(rows=[rule])
    assert [line.kind for line in news(reach(narrow), reach(wide)) if line.kind == "scope"] == ["scope"]
    assert not [line for line in news(reach(wide), reach(narrow)) if line.kind == "scope"]
    other = table(rows=[{"column": "a", "one_of": ["x", "y"]}])
    assert [line.kind for line in news(reach(wide), reach(other)) if line.kind == "scope"] == ["scope"]


@pytest.mark.req("IN7")
@pytest.mark.parametrize(
    ("mask", "shown"),
    [
        (Mask.NULL, None),
        (Mask.FULL, "••••"),
        (Mask.FIRST1, "2••••"),
        (Mask.LAST2, "•••• 0Z"),
        (Mask.LAST4, "•••• :00Z"),
        (Mask.EMAIL, "••••"),
        (Mask.YEAR, "2026-01-01"),
        (Mask.MONTH, "2026-05-01"),
    ],
)
def test_masks_of_fields_show_their_part_only(mask: Mask, shown: str | None) -> None:
    assert masked_text("2026-05-17T10:20:00Z", mask) == shown
    assert masked_text("x", mask) == (None if mask is Mask.NULL else "••••")


def test_numbers_and_days_of_yaml_are_taken_as_text() -> None:
    import datetime

    assert RowCondition(column="a", one_of=(1, 2.5, datetime.date(2026, 1, 31))).one_of == ("1", "2.5", "2026-01-31")  # type: ignore[arg-type]


@pytest.mark.req("DG2")
def test_a_later_end_is_something_new_to_approve_and_an_earlier_one_is_not() -> None:
    soon, late, never = table(until="2026-12-31T00:00:00Z"), table(until="2027-12-31T00:00:00Z"), table()
    for was, now, new in ((soon, late, True), (soon, never, True), (late, soon, False), (never, soon, False)):
        assert bool([line for line in news(reach(was), reach(now)) if line.kind == "scope"]) is new
    with pytest.raises(ValidationError, match="timezone"):
        table(until="2026-12-31T00:00:00")


@pytest.mark.req("IN7", "DG2")
def test_masks_for_some_persons_are_said_and_are_new_when_they_change() -> None:
    column = {"name": "card", "mask": "last4", "mask_for": [{"attribute": "team", "one_of": ["fraud", "audit"]}]}
    some, none = table(columns=[column]), table(columns=[{"name": "card", "mask": "last4"}])
    stricter = table(columns=[{**column, "mask_for": [{"attribute": "staff", "one_of": ["no"], "mask": "null"}]}])
    said = "columns card (masked to the last four, whole for those whose team is 'fraud' or 'audit')"
    assert said in table_words("orders-db", some)
    for was, now, new in ((none, some, True), (stricter, none, True), (some, some, False)):
        assert bool([line for line in news(reach(was), reach(now)) if line.kind == "scope"]) is new
    with pytest.raises(ValidationError, match="masked for nobody"):
        table(columns=[{"name": "card", "mask_for": column["mask_for"]}])


@pytest.mark.req("IN7")
def test_more_a_day_is_something_new_to_approve_and_less_is_not() -> None:
    any_number, few, more = table(), table(per_day={"app": {"rows": 10}}), table(per_day={"app": {"rows": 11}})
    bytes_too = table(per_day={"app": {"rows": 10, "bytes": 4096}, "person": {"rows": 1}})
    assert [line.kind for line in news(reach(few), reach(more))] == ["scope"]
    assert [line.kind for line in news(reach(few), reach(any_number))] == ["scope"]
    assert [line.kind for line in news(reach(bytes_too), reach(few))] == ["scope"]
    assert (
        news(reach(any_number), reach(few)) == news(reach(more), reach(few)) == news(reach(few), reach(bytes_too)) == ()
    )
    assert "at most 10 rows and 4,096 bytes a day for all together; at most 1 rows a day for each person" in (
        table_words("orders-db", bytes_too)
    )
    assert reach(any_number).digest() == reach(table(per_day=None)).digest() != reach(few).digest()
