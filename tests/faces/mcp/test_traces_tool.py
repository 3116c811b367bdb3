"""The tool with which builders' agents see what an app did."""

import pytest

from tests.faces.mcp.conftest import Door, text_of
from tests.fixtures.company import APP
from tests.fixtures.spans import reports, request, tell, under


@pytest.mark.req("OB4", "RV7")
async def test_a_builders_agent_reads_how_an_app_did_and_one_trace(door: Door) -> None:
    failed = request("POST /refunds/{}", outcome="error", status=500)
    tell(door.company, reports(under(failed, name="UPDATE refunds SET amount = $1"), failed))
    where = {"app": APP, "mode": "production"}
    async with door.client(door.token("builder")) as client:
        found = await client.call_tool("read_traces", where)
        one = await client.call_tool("read_traces", {**where, "trace": failed.trace})
    assert "1 requests, 1 failed" in text_of(found) and failed.trace in text_of(found)
    assert "query UPDATE refunds SET amount = $1" in text_of(one)
    assert one.structured_content is not None and one.structured_content["spans"][1]["depth"] == 1
    assert (await door.call("approver", "read_traces", app=APP)).is_error
