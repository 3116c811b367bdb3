"""A name is never a statement: what pglast prints without quotes must not reach a database."""

import psycopg
import pytest

from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from tests.dataplane.gateways.engines.conftest import GRANT, Door

SALARIES = "x; SELECT name, salary FROM public.salaries"


@pytest.mark.req("IN3", "IN9")
@pytest.mark.parametrize("word", ["RELEASE", "ROLLBACK TO", "SAVEPOINT", "DEALLOCATE"])
def test_a_name_that_holds_a_statement_is_refused_or_stays_a_name(word: str) -> None:
    try:
        made = rewrite(f'{word} "{SALARIES}"', GRANT, {}).sql
    except StatementRefusedError as fault:
        assert fault.sqlstate == "42601"
    else:
        assert f'"{SALARIES}"' in made


@pytest.mark.req("IN3", "IN9")
@pytest.mark.parametrize("word", ["RELEASE", "ROLLBACK TO"])
async def test_no_row_comes_out_of_a_name(postgres_door: Door, word: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_door.url, autocommit=True) as connection:
        await connection.execute("BEGIN")
        await connection.execute("SAVEPOINT x")
        with pytest.raises(psycopg.errors.SyntaxError, match="does not mean the same"):
            await connection.execute(f'{word} "{SALARIES}"')
