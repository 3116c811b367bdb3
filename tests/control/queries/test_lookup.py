"""Who ran this query: whatever one has of it leads to the person, the app, the release and the trace."""

from datetime import timedelta

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.queries import Found, Kind, read_question, read_row
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.core.row_log import UNTOLD
from tests.fixtures.company import Company
from tests.fixtures.queries import Ran, run_on_rows, run_queries

pytestmark = pytest.mark.req("IN10")


@pytest.fixture
def ran(company: Company) -> Ran:
    return run_queries(company)


def look(company: Company, text: str, **options: str) -> Found:
    return company.control.queries.who(company.people["security"], read_question(text, **options))  # type: ignore[arg-type]


def people(found: Found) -> list[str]:
    return [item.event.actor for item in found.page.events]


def test_a_line_of_the_databases_log_leads_to_the_one_statement(company: Company, ran: Ran) -> None:
    found = look(company, ran.line(0))
    assert found.asked.kind is Kind.LINE
    (event,) = [item.event for item in found.page.events]
    assert (event.actor, event.app, event.release, event.trace) == (
        "user:emea@example.com",
        "finance/desk",
        "rel_1",
        "a" * 32,
    )
    assert event.context["statement"] == "SELECT card_number FROM orders WHERE id = $1"
    assert (event.context["rows"], event.context["bytes"], event.context["milliseconds"]) == (3, 120, 1.5)
    # What an app runs by itself has no trace, and is found by what was run.
    assert people(look(company, ran.line(3))) == ["app:finance/desk"]
    assert people(look(company, f"STATEMENT:  {ran.sent[1]}")) == ["user:apac@example.com"]


def test_a_statement_is_found_whatever_its_values_were(company: Company, ran: Ran) -> None:
    found = look(company, "select card_number\nfrom orders where id = 99 -- whoever it was")
    assert found.asked.kind is Kind.STATEMENT
    assert people(found) == ["user:emea@example.com"]
    fingerprint = dict(found.asked.facts)["query"]
    again = look(company, fingerprint.upper())
    assert again.asked.kind is Kind.FINGERPRINT
    assert again.page == found.page


def test_a_piece_of_a_statement_a_table_and_a_trace_find_it(company: Company, ran: Ran) -> None:
    assert look(company, "amount FROM orders").asked.kind is Kind.WORDS
    assert people(look(company, "card_number FROM ord")) == ["user:emea@example.com"]
    assert people(look(company, "", table="public.orders")) == ["user:apac@example.com", "user:emea@example.com"]
    assert people(look(company, "amount FROM", table="refunds")) == ["user:emea@example.com"]
    assert len(look(company, "a" * 32).page.events) == 2
    # What was refused is there too, by its trace.
    refused = look(company, f"00-{'b' * 32}-{'1' * 16}-01")
    assert [item.event.action for item in refused.page.events] == ["query.refused", "query.executed"]


def test_a_refused_statement_is_found_by_its_form(company: Company, ran: Ran) -> None:
    assert people(look(company, "SELECT amount FROM payroll.salaries")) == ["user:apac@example.com"]


def test_the_time_in_a_line_bounds_the_search(company: Company, ran: Ran) -> None:
    line = ran.line(0)
    old = (utc_now() - timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S")
    assert people(look(company, f"{old}{line[19:]}")) == []
    assert people(look(company, f"9999-99-99 99:99:99{line[19:]}")) == ["user:emea@example.com"]


def test_whoever_may_not_read_the_log_finds_nobody_and_that_somebody_asked_is_in_it(company: Company, ran: Ran) -> None:
    with pytest.raises(ForbiddenError):
        company.control.queries.who(company.people["builder"], read_question(ran.line(0)))
    look(company, "SELECT card_number FROM orders WHERE id = 4711")
    with company.control.store.transaction() as session:
        noted = search(session, AuditQuery(action="query.looked-up")).events
    (event,) = [item.event for item in noted]
    assert isinstance(event, AuditEvent)
    assert event.actor == str(company.people["security"].principal)
    assert event.context["kind"] == "statement" and event.context["found"] == 1
    assert event.deciders
    assert "4711" not in event.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 100_001,
        "/*actor='user:a@x'*/ SELECT '/*actor=''user:b@x''*/'; /*actor='user:b@x'*/",
    ],
    ids=["nothing", "blanks", "too long", "two people"],
)
def test_what_says_nothing_or_two_things_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_question(text)


@pytest.mark.parametrize("table", ["a*b", '""', "x.", "\0"], ids=["a star within", "no name", "a schema", "a NUL"])
def test_what_is_no_name_of_a_table_is_refused(table: str) -> None:
    with pytest.raises(InvalidInputError):
        read_question("", table=table)


def test_garbage_is_words(company: Company) -> None:
    for text in ("SELECT (", "%", "\x00", "/*actor='", "é" * 50, "'; DROP TABLE audit_events; --"):
        assert look(company, text).page.events == ()


def test_a_row_is_found_however_its_key_was_kept_and_what_told_no_row_with_it(company: Company) -> None:
    run_on_rows(company)

    def who(row: str) -> list[tuple[str, str]]:
        found = company.control.queries.who(company.people["security"], read_row(row))
        assert found.asked.kind is Kind.ROW
        events = [item.event for item in found.page.events]
        return [(event.actor, "untold" if UNTOLD in str(event.context["keys"]) else "told") for event in events]

    emea, apac = "user:emea@example.com", "user:apac@example.com"
    assert who("orders:4711") == [(apac, "untold"), (emea, "told")]
    assert who('public."orders": 4712') == [(apac, "told"), (apac, "untold"), (apac, "told")]
    assert who("orders:471") == [(apac, "untold")]
    assert who("refunds:4711") == [(apac, "told")]
    assert who("numbers:4711") == []
    with company.control.store.transaction() as session:
        noted = search(session, AuditQuery(action="query.looked-up")).events
    assert "471" not in str([item.event.context for item in noted])


@pytest.mark.parametrize("row", ["orders", "orders:", ":4711", "*:1", "orders:" + "1" * 600])
def test_what_names_no_row_is_refused(row: str) -> None:
    with pytest.raises(InvalidInputError):
        read_row(row)
