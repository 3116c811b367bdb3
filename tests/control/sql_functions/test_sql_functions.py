"""Functions of databases that may be called: what can be allowed, by whom, and what planes hear of it."""

from dataclasses import replace

import pytest

from bailiwick.control.versions import WrongStateError
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.messages import FileConnection
from bailiwick.core.sql_functions import read_functions
from tests.control.release.test_deploys import released
from tests.fixtures.company import Company, orders_db

pytestmark = pytest.mark.req("IN7")
TEXT = "reporting.risk_of(numeric, text[])  # asked for by finance\n\nreporting.fresh(integer) volatile\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("risk_of(int)", "is no function"),
        ("reporting.risk_of", "is no function"),
        ('"Reporting".risk_of(int)', "is no function"),
        ("reporting.risk_of(int); DROP TABLE x", "is no function"),
        ("reporting.risk_of(int) leakproof", "is no function"),
        ("reporting.risk_of(regclass)", "'regclass' are not passed on"),
        ("reporting.risk_of(public.leaky)", "is no function"),
        ("reporting.risk_of(int, )", "'' are not passed on"),
        ("pg_catalog.pg_read_file(text)", "is PostgreSQL's own"),
        ("information_schema.f(text)", "is PostgreSQL's own"),
        ("public.dblink(text, text)", "reach past every grant"),
        ("public.lo_import(text)", "reach past every grant"),
        ("public.pg_read_server_files(text)", "reach past every grant"),
        ("public.crosstab(text)", "reach past every grant"),
        ("public.query_to_xml(text, bool, bool, text)", "reach past every grant"),
        ("extensions.http_get(varchar)", "reach past every grant"),
        ("public.exec(text) volatile", "reach past every grant"),
        ("a.f(int)\na.f(text)", "is there twice with 1 arguments"),
        ("\n".join(f"a.f{number}(int)" for number in range(201)), "more than 200"),
    ],
)
def test_what_no_grant_could_hold_is_not_allowed(line: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_functions(line)


def test_a_text_reads_as_the_functions_in_it() -> None:
    assert [item.words for item in read_functions(TEXT)] == [
        "reporting.fresh(int4) volatile",
        "reporting.risk_of(numeric, text[])",
    ]
    assert read_functions("# nothing\n") == ()


def test_another_person_approves_and_planes_hear_of_it_until_it_is_taken_back(company: Company) -> None:
    control, people = company.control, company.people
    with control.store.transaction() as session:
        control.vault.put(session, "orders-db", "value", by="user:admin@example.com")
    released(company)
    functions = control.sql_functions
    with pytest.raises(ForbiddenError):
        functions.propose(people["builder"], "orders-db", text=TEXT, reason="finance")
    made = functions.propose(people["admin"], "orders-db", text=TEXT, reason="finance")
    with pytest.raises(WrongStateError):
        functions.activate(people["admin"], "orders-db", made.version)
    with pytest.raises(ForbiddenError) as own:
        functions.approve(people["admin"], "orders-db", made.version)
    assert own.value.deciders == ("never-approve-your-own-sql-functions",)
    assert control.planes.desired_state("production").sql_functions == {}
    functions.approve(people["security"], "orders-db", made.version)
    functions.activate(people["admin"], "orders-db", made.version)
    assert control.planes.desired_state("production").sql_functions == {"orders-db": read_functions(TEXT)}
    nothing = functions.propose(people["admin"], "orders-db", text="# none\n", reason="not needed any more")
    functions.approve(people["security"], "orders-db", nothing.version)
    functions.activate(people["admin"], "orders-db", nothing.version)
    assert control.planes.desired_state("production").sql_functions == {}
    assert [action for action, _ in company.actions() if action.startswith("sql-function.")] == [
        "sql-function.proposed", "sql-function.approved", "sql-function.activated",
    ] * 2  # fmt: skip


def test_only_a_postgresql_database_that_there_is_has_such(company: Company) -> None:
    functions, admin = company.control.sql_functions, company.people["admin"]
    with pytest.raises(NotFoundError):
        functions.propose(admin, "nothing-there", text=TEXT, reason="x")
    with pytest.raises(InvalidInputError, match="reach past every grant"):
        functions.propose(admin, "orders-db", text="public.dblink(text)", reason="x")
    place = FileConnection(kind="sqlite", path="/srv/x.db")
    other = replace(orders_db(), name="files", kind="sqlite", connections={"production": place})
    company.control.integrations.register(admin, other)
    with pytest.raises(InvalidInputError, match="no PostgreSQL database"):
        functions.propose(admin, "files", text=TEXT, reason="x")


def test_whoever_may_not_read_them_sees_none(company: Company) -> None:
    functions, people = company.control.sql_functions, company.people
    functions.propose(people["admin"], "orders-db", text=TEXT, reason="finance")
    with company.control.store.transaction() as session:
        assert functions.sets(session, people["builder"]) == []
        assert [item.name for item in functions.sets(session, people["security"])] == ["orders-db"]
        with pytest.raises(NotFoundError):
            functions.history(session, people["builder"], "orders-db")


def test_one_alone_takes_back_and_only_their_own_proposal(company: Company) -> None:
    functions, people = company.control.sql_functions, company.people
    admin, security = people["admin"], people["security"]
    functions.propose(admin, "orders-db", text=TEXT, reason="the desk")
    with pytest.raises(WrongStateError, match="orders-db@1 is proposed"):
        functions.withdraw(security, "orders-db", 1, "not mine")
    with pytest.raises(ForbiddenError):
        functions.withdraw(people["builder"], "orders-db", 1, "not allowed")
    assert functions.withdraw(admin, "orders-db", 1, "too much").state == "withdrawn"
    with pytest.raises(WrongStateError, match="is withdrawn"):
        functions.approve(security, "orders-db", 1)
    functions.propose(admin, "orders-db", text=TEXT, reason="the desk")
    functions.approve(security, "orders-db", 2)
    functions.activate(admin, "orders-db", 2)
    with company.control.store.transaction() as session:
        assert functions.in_force(session)
    functions.withdraw(security, "orders-db", 2, "it writes")
    with company.control.store.transaction() as session:
        assert functions.in_force(session) == {}
    with pytest.raises(WrongStateError, match="orders-db@2 is withdrawn"):
        functions.activate(admin, "orders-db", 2)
    assert ("sql-function.withdrawn", "user:security@example.com") in company.actions()
