"""The lists of what may be called, against the marks of a real catalogue."""

from collections.abc import Iterator

import psycopg
import pytest
from scripts import sql_allow_list as catalogue

from bailiwick.dataplane.gateways.sql import grammar
from bailiwick.store.embedded import EmbeddedPostgres

# They stand in the grammar, not in the catalogue.
_SYNTAX = {"greatest", "least", "nullif", "trim"}
_BETWEEN = {"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"}


@pytest.fixture
def connection(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url("postgres")) as found:
        yield found


@pytest.mark.req("IN7")
def test_the_list_of_functions_is_what_the_catalogue_says(connection: psycopg.Connection) -> None:
    assert catalogue.TARGET.read_text().split() == catalogue.immutable(connection)


@pytest.mark.req("IN7")
def test_nothing_that_may_be_called_does_anything(connection: psycopg.Connection) -> None:
    assert (grammar.FUNCTIONS | grammar.OPERATORS) & catalogue.volatile(connection) == set()
    assert catalogue.operators(connection) == grammar.OPERATORS - _BETWEEN
    known = {name for (name,) in connection.execute("SELECT proname FROM pg_proc WHERE pronamespace = 11")}
    assert grammar.FUNCTIONS - known == _SYNTAX


@pytest.mark.req("IN7")
def test_every_function_that_takes_a_whole_row_is_known(connection: psycopg.Connection) -> None:
    reached = {name for name in catalogue.of_records(connection) if not name.startswith("pg_")}
    assert reached - grammar.FUNCTIONS_OF_RECORDS - grammar.FUNCTIONS == set()
    assert not grammar.FUNCTIONS_OF_RECORDS & grammar.FUNCTIONS
