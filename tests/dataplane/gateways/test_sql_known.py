"""What statements were rewritten to: for each socket apart, and long ones beside the event loop."""

import asyncio
import gc
import signal

import pytest

from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.known import LONG_CHARACTERS, KnownRewrites
from tests.dataplane.gateways.test_sql_gateway import GRANT

pytestmark = pytest.mark.req("RT3")
WHO = {"region": "EMEA"}


class Socket:
    """What stands for a binding."""


def long_query(many: int = 400) -> str:
    return f"SELECT id FROM orders WHERE id IN ({','.join(str(number) for number in range(10_000, 10_000 + many))})"


async def test_a_long_statement_keeps_nobody_on_the_loop_waiting() -> None:
    known, socket, rounds = KnownRewrites(), Socket(), 0
    assert len(long_query()) > LONG_CHARACTERS and known.is_long(long_query())

    async def others() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    others_work = asyncio.create_task(others())
    await known.foresee(long_query(), GRANT, WHO, of=socket, line="finance/desk")
    others_work.cancel()
    assert rounds > 10
    # The answer is there: deciding finds it, and the region of somebody else is another answer.
    foreseen = known.rewrite(long_query(), GRANT, WHO, of=socket)
    assert "EMEA" in foreseen.sql
    assert known.rewrite(long_query(), GRANT, WHO, of=socket) is foreseen
    assert "APAC" in known.rewrite(long_query(), GRANT, {"region": "APAC"}, of=socket).sql


async def test_no_statements_of_one_app_push_out_what_is_kept_of_another() -> None:
    known, quiet, loud = KnownRewrites(), Socket(), Socket()
    first = known.rewrite("SELECT id FROM orders", GRANT, WHO, of=quiet)
    for number in range(700):
        known.rewrite(f"SELECT id FROM orders WHERE id = {number}", GRANT, WHO, of=loud)
    assert known.rewrite("SELECT id FROM orders", GRANT, WHO, of=quiet) is first
    assert len(known._kept[loud]._answers) == 500


async def test_what_is_kept_has_a_size_and_goes_with_its_socket() -> None:
    known, socket = KnownRewrites(), Socket()
    for number in range(30):
        known.rewrite(f"SELECT id FROM orders WHERE region = '{number}{'x' * 90_000}'", GRANT, WHO, of=socket)
    assert sum(len(plain) for plain, *_ in known._kept[socket]._answers) <= 2_000_000
    del socket
    assert len(known._kept) == 0


async def test_a_refusal_that_was_foreseen_is_the_refusal_each_time() -> None:
    known, socket = KnownRewrites(), Socket()
    refused = long_query().replace("orders", "salaries")
    await known.foresee(refused, GRANT, WHO, of=socket, line="finance/desk")
    for _ in range(2):
        with pytest.raises(StatementRefusedError, match="salaries"):
            known.rewrite(refused, GRANT, WHO, of=socket)


async def test_a_process_that_is_lost_refuses_one_statement_and_is_started_again() -> None:
    known, socket = KnownRewrites(), Socket()
    await known.foresee(long_query(401), GRANT, WHO, of=socket, line="finance/desk")
    process = known._beside._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)  # it hangs over the next statement, and is then gone
    asked = asyncio.create_task(known.foresee(long_query(402), GRANT, WHO, of=socket, line="finance/desk"))
    await asyncio.sleep(0.05)
    process.kill()
    await asked
    with pytest.raises(StatementRefusedError, match="could not be looked at"):
        known.rewrite(long_query(402), GRANT, WHO, of=socket)
    await known.foresee(long_query(402), GRANT, WHO, of=socket, line="finance/desk")
    assert "EMEA" in known.rewrite(long_query(402), GRANT, WHO, of=socket).sql
    # It ends with whoever asked it, and holds nothing of theirs.
    again = known._beside._process
    assert again is not None and again.poll() is None
    del known
    gc.collect()
    assert again.poll() is not None
