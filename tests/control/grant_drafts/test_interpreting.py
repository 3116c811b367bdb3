"""Questions and what they come to: what is asked is opened, what is not understood opens nothing."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.control.grant_drafts import Became, Column, Reading, Table, interpret, read_back
from bailiwick.core.column_classes import class_by_name

pytestmark = pytest.mark.req("IN8")


def table(name: str, columns: str, *, prose: str = "") -> Table:
    made = (
        Column(column, data_class=found, seems=found, prose=column == prose)
        for column in columns.split()
        for found in [class_by_name(name, column)]
    )
    return Table(name, tuple(made))


TODAY = date(2026, 5, 20)
TABLES = (
    table("customers", "id name email region created_at api_key"),
    table(
        "orders",
        "id customer_id region customer_name customer_email card_number item amount status ordered_at",
    ),
    table("refunds", "id order_id region amount reason", prose="reason"),
    table("order_lines", "id order_id sku price"),
)
PLAIN = "id, customer_id, region, item, amount, status, ordered_at"
OWN = "only rows whose region is the person's own region"


def read(question: str) -> Reading:
    return interpret(question, TABLES, ("region", "department", "country"), TODAY)


def opened(question: str) -> list[str]:
    return read_back("db", read(question).tables)


@pytest.mark.parametrize(
    ("question", "opens"),
    [
        ("orders of my region, no card numbers", [f"select on orders: {OWN}; columns {PLAIN}"]),
        ("Please show me all orders in my own region", [f"select on orders: {OWN}; columns {PLAIN}"]),
        ("order", [f"select on orders: all rows; columns {PLAIN}"]),
        ("orders without personal data, read only", [f"select on orders: all rows; columns {PLAIN}"]),
        ("top customers' e-mails masked", ["select on customers: all rows; columns email (masked to its domain)"]),
        ("customer emails", ["select on customers: all rows; columns email"]),
        ("customer emails of orders", ["select on orders: all rows; columns customer_email"]),
        ("customer_email of orders", ["select on orders: all rows; columns customer_email"]),
        ("amounts and statuses of orders", ["select on orders: all rows; columns amount, status"]),
        (
            "amounts of orders and emails of customers",
            ["select on orders: all rows; columns amount", "select on customers: all rows; columns email"],
        ),
        (
            "only the last four digits of cards of orders",
            ["select on orders: all rows; columns card_number (masked to the last four)"],
        ),
        (
            "orders of my region, no card numbers, only last four digits",
            [f"select on orders: {OWN}; columns id, customer_id, region, card_number (masked to the last four), "
             "item, amount, status, ordered_at"],
        ),
        (
            "order amounts where status is open and region = 'North West'",
            ["select on orders: only rows whose status is 'open' and only rows whose region is 'North West'; "
             "columns amount"],
        ),
        ("order lines", ["select on order_lines: all rows; columns id, order_id, sku, price"]),
        ("orders of customers in my region", [f"select on orders: {OWN}; columns {PLAIN}"]),
        ("orders, no e-mails, names", [f"select on orders: all rows; columns {PLAIN}"]),
        ("refunds with reasons", ["select on refunds: all rows; columns id, order_id, region, amount, reason"]),
        ("orders of region EMEA because of the audit of 2024",
         [f"select on orders: only rows whose region is 'EMEA'; columns {PLAIN}"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_question_opens_what_it_asks_for(question: str, opens: list[str]) -> None:
    assert opened(question) == opens
    assert read(question).unasked == ()


@pytest.mark.parametrize(
    "question",
    [
        "VIP customers",
        "orders of this year",
        "orders of the last 30 days",
        "orders since 2025",
        "my orders",
        "orders not of my region",
        "orders except those of region EMEA",
        "orders of region not EMEA",
        "orders of my department",
        "orders older than a year",
        "update the status of orders",
        "no orders",
        "everything",
        "all tables",
        "' OR 1=1 --",
        "drop table orders",
        "passwords of customers",
        "e-mails",
        "",
        ",,,",
        "customers' api keys",
    ],
)
def test_what_is_not_clear_opens_nothing_and_says_so(question: str) -> None:
    found = read(question)
    assert found.tables == ()
    assert found.not_given


def test_what_became_of_each_phrase_is_said() -> None:
    found = read("top orders of my region, no card numbers, by astrology")
    became = {phrase.words: phrase.became for phrase in found.phrases}
    assert became == {
        "orders": Became.GIVEN,
        "of my region": Became.LIMITED,
        "card numbers": Became.WITHHELD,
        "astrology": Became.NOT_UNDERSTOOD,
        "top": Became.NOT_UNDERSTOOD,
    }
    assert found.wider == ("all rows of orders, not only 'top'",)
    assert any("orders.customer_email seems to hold personal-email" in words for words in found.not_given)


def test_sensitive_columns_are_opened_by_name_only_secrets_by_nothing_and_cards_in_part() -> None:
    assert "api_key" not in str(opened("customers with names, emails, api keys"))
    assert opened("orders with card numbers") == [
        "select on orders: all rows; columns id, customer_id, region, card_number (masked to the last four), item, "
        "amount, status, ordered_at"
    ]
    # A person's own name for a class hides nothing of what it is.
    cards = Column("number", data_class="billing", confirmed=True, seems="payment-card")
    [grant] = interpret("numbers of cards", [Table("cards", (cards,))], (), TODAY).tables
    assert grant.columns[0].mask == "last4"


def test_of_two_schemas_the_usual_one_counts_and_another_is_named() -> None:
    twice = (Table("orders", (Column("id"),), "archive"), Table("orders", (Column("id"), Column("sum"))))
    assert read_back("db", interpret("orders", twice, (), TODAY).tables) == [
        "select on orders: all rows; columns id, sum"
    ]
    [grant] = interpret("orders", twice[:1], (), TODAY).tables
    assert grant.namespace == "archive"
    assert interpret("orders", twice[:1], (), TODAY).unasked == ()


_WORDS = (
    "orders customers refunds lines of my own region EMEA department no not without with only except masked hidden "
    "last four digits e-mails names card numbers cards amounts status is = open personal data top 10 this year and or "
    "but , , , where whose VIP update api keys secrets reason everything the customer_email order's 'x y' because"
).split(" ")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=14))
def test_no_wording_opens_what_it_denies_or_does_not_name(words: list[str]) -> None:
    question = " ".join(words)
    found = read(question)
    assert found.unasked == ()
    said = {phrase.words: phrase for phrase in found.phrases}
    named = {name.removesuffix("s") for name in ("orders", "customers", "refunds", "lines")}
    for grant in found.tables:
        assert any(word in question for word in named)
        assert grant.operations == {"select"}
        assert "api_key" not in {column.name for column in grant.columns}
        for column in grant.columns:
            if column.name == "card_number":
                assert column.mask is not None
        # A word in the same breath that nobody knows keeps the table closed.
        assert not any(item.became is Became.NOT_UNDERSTOOD and item.words == "VIP" for item in said.values()) or (
            "," in question or "but" in question
        )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=10))
def test_what_is_denied_last_stays_closed_whatever_was_said_before(words: list[str]) -> None:
    for grant in read(" ".join(words) + ", no e-mails, no card numbers").tables:
        assert {"email", "customer_email", "card_number"}.isdisjoint(column.name for column in grant.columns)


DAYS = (
    Table(
        "orders",
        (Column("id", "integer"), Column("amount", "numeric"), Column("ordered_at", "timestamp with time zone")),
    ),
    Table("shipments", (Column("id", "integer"), Column("sent_on", "date"), Column("arrived_on", "date"))),
)


def days(question: str) -> list[str]:
    found = interpret(question, DAYS, ("region",), TODAY)
    return [line.partition(": ")[2].partition("; columns")[0] for line in read_back("db", found.tables)]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("orders of the last 30 days", "ordered_at is of the last 30 days"),
        ("orders last 2 weeks", "ordered_at is of the last 14 days"),
        ("orders of the past 3 months", "ordered_at is of the last 84 days"),
        ("orders of today", "ordered_at is of today"),
        ("orders since March", "ordered_at is at least '2026-03-01'"),
        ("orders since March 2025", "ordered_at is at least '2025-03-01'"),
        ("orders since September", "ordered_at is at least '2025-09-01'"),
        ("orders after May", "ordered_at is at least '2026-06-01'"),
        ("orders since 2025", "ordered_at is at least '2025-01-01'"),
        ("orders before 2025", "ordered_at is below '2025-01-01'"),
        ("orders until 2025", "ordered_at is below '2026-01-01'"),
        ("orders since 2026-02-03", "ordered_at is at least '2026-02-03'"),
        ("orders on 2026-02-28", "ordered_at is at least '2026-02-28' and {} ordered_at is below '2026-03-01'"),
        ("orders of this year", "ordered_at is at least '2026-01-01' and {} ordered_at is below '2027-01-01'"),
        ("orders of last year", "ordered_at is at least '2025-01-01' and {} ordered_at is below '2026-01-01'"),
        ("orders this month", "ordered_at is at least '2026-05-01' and {} ordered_at is below '2026-06-01'"),
        ("orders of the last quarter", "ordered_at is at least '2026-01-01' and {} ordered_at is below '2026-04-01'"),
        ("orders in December", "ordered_at is at least '2025-12-01' and {} ordered_at is below '2026-01-01'"),
        ("orders of 2024", "ordered_at is at least '2024-01-01' and {} ordered_at is below '2025-01-01'"),
        ("orders where ordered_at is before 2026-03-01", "ordered_at is below '2026-03-01'"),
        ("shipments sent_on since April", "sent_on is at least '2026-04-01'"),
        ("shipments arrived on of this month, sent on before May",
         "arrived_on is at least '2026-05-01' and {} arrived_on is below '2026-06-01' and {} "
         "sent_on is below '2026-05-01'"),
    ],
    ids=lambda value: value,
)  # fmt: skip
def test_days_become_conditions_that_read_back(question: str, rows: str) -> None:
    only = "only rows whose"
    assert days(question) == [f"{only} {rows.replace('{}', only)}"]


@pytest.mark.parametrize(
    ("question", "because"),
    [
        ("shipments since March", "may be about sent_on or arrived_on: say which"),
        ("orders amount since March", "no day or time"),
        ("orders of this week", "cannot be put into a grant"),
        ("orders of yesterday", "cannot be put into a grant"),
        ("orders of the past year", "cannot be put into a grant"),
        ("orders not of this year", "cannot be put into a grant"),
        ("orders since 2026-02-30", "was not understood"),
        ("orders of the last 999999999 days", "cannot be put into a grant"),
    ],
)
def test_days_that_are_not_clear_open_nothing(question: str, because: str) -> None:
    found = interpret(question, DAYS, (), TODAY)
    assert found.tables == ()
    assert because in str(found.not_given)


def test_may_is_a_month_only_where_one_is_meant() -> None:
    assert days("may I see orders in May") == [
        "only rows whose ordered_at is at least '2026-05-01' and only rows whose ordered_at is below '2026-06-01'"
    ]
    assert days("orders that I may see") == ["all rows"]
