"""Messages to an MCP server as bytes: what is no single message, sessions of others, and servers that misbehave."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.grants import DataGrant, FieldMask, PromptGrant, ResourceGrant, ToolGrant
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.mcp.going import Going
from bailiwick.dataplane.gateways.mcp.matching import Opened
from bailiwick.dataplane.gateways.mcp.messages import Said
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from tests.dataplane.gateways.mcp.conftest import Desk
from tests.fixtures.raw_server import raw_server
from tests.fixtures.service_gateway import APP, TRACE

pytestmark = pytest.mark.req("IN9")
OTHER_TRACE = "2" * 32
WORDS = st.sampled_from(
    ["tools", "resources", "prompts", "contents", "name", "uri", "content", "structuredContent", "isError", "type",
     "text", "resultType", "inputRequests", "method", "capabilities", "serverInfo", "inputSchema", "properties",
     "nextCursor"]
)  # fmt: skip
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}, "experimental": {"x": {}}},
        "clientInfo": {"name": "app", "version": "1"},
        "_meta": {"traceparent": "00-secret", "progressToken": 5},
    },
}


def said(answer: httpx2.Response) -> dict[str, Any]:
    """Return the last message of an answer."""
    if answer.headers["content-type"] == "text/event-stream":
        return json.loads(answer.text.strip().rpartition("data: ")[2])
    return answer.json()


def post(desk: Desk, document: Any, session: str = "", trace: str = TRACE, **headers: str) -> httpx2.Response:
    more = {"mcp-session-id": session} if session else {}
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return desk.call("POST", "/mcp", trace=trace, content=body, headers=HEADERS | more | headers)


def begin(desk: Desk) -> str:
    answer = post(desk, INITIALIZE)
    session = answer.headers["mcp-session-id"]
    assert post(desk, {"jsonrpc": "2.0", "method": "notifications/initialized"}, session).status_code == 202
    return session


def listing(number: Any = 2) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/list"}


def test_a_server_hears_nothing_of_what_the_app_could_be_asked_nor_of_its_trace(desk: Desk) -> None:
    answer = post(desk, INITIALIZE)
    (body,) = [json.loads(body) for body in desk.tickets.bodies]
    assert body["params"]["capabilities"] == {}
    assert body["params"]["_meta"] == {"progressToken": 5}
    assert said(answer)["result"]["capabilities"].keys() <= {"tools", "resources", "prompts", "logging"}


def test_a_session_is_of_one_person_and_unknown_to_the_server_by_that_name(desk: Desk) -> None:
    other = Identity(Principal("user", "ann@example.com"), frozenset({"user:ann@example.com"}))
    desk.calls[OTHER_TRACE] = Call(other, APP, "rel_1", OTHER_TRACE)
    session = begin(desk)
    assert said(post(desk, listing(), session))["result"]["tools"]
    for theirs in (
        post(desk, listing(), session, OTHER_TRACE),
        post(desk, listing(), session, ""),
        post(desk, listing(), "x" * 20),
        post(desk, listing()),
        desk.call("DELETE", "/mcp", trace=OTHER_TRACE, headers={"mcp-session-id": session}),
    ):
        assert theirs.status_code == 404
    assert session not in {head.get("mcp-session-id") for head in desk.tickets.heads}
    assert desk.call("DELETE", "/mcp", headers={"mcp-session-id": session}).status_code == 204
    assert post(desk, listing(), session).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"[" + json.dumps(INITIALIZE).encode() + b"]",
        b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","name":"close_ticket"}}',
        b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":true,"method":"ping"}',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' + b"[" * 200 + b"]" * 200 + b"}}",
        b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
        b"",
    ],
    ids=range(14),
)
def test_what_is_no_single_message_goes_nowhere(desk: Desk, body: bytes) -> None:
    answer = post(desk, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700
    assert desk.tickets.heads == []


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tasks/list", {}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "everything"}}),
        ("resources/subscribe", {"uri": "keys://all"}),
        ("sampling/createMessage", {}),
        ("tools/list", {"filter": "x"}),
        ("tools/list", {"cursor": {"a": 1}}),
        ("tools/call", {"name": "count", "arguments": [1]}),
        ("tools/call", {"name": "count", "task": {"ttl": 1}}),
        ("tools/call", {"name": "count", "arguments": {}, "inputResponses": {"a": {}}}),
    ],
)
def test_methods_and_parameters_that_are_not_known_are_asked_of_no_server(
    desk: Desk, method: str, params: dict[str, Any]
) -> None:
    session = begin(desk)
    before = len(desk.tickets.bodies)
    answer = post(desk, {"jsonrpc": "2.0", "id": "a", "method": method, "params": params}, session)
    assert (answer.status_code, answer.json()["id"]) == (200, "a")
    assert "error" in answer.json()
    assert len(desk.tickets.bodies) == before


def test_the_version_in_header_and_message_is_the_same(desk: Desk) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"sampling": {}},
    }
    document = listing() | {"params": {"_meta": meta}}
    assert "differ" in post(desk, document, **{"mcp-protocol-version": "2025-11-25"}).json()["error"]["message"]
    assert desk.tickets.heads == []
    # What is said again in headers is made of the body, whatever the app says there.
    right = post(desk, document, **{"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "x"})
    assert said(right)["result"]["tools"]
    assert desk.tickets.heads[0]["mcp-method"] == "tools/list"
    assert "mcp-name" not in desk.tickets.heads[0]
    assert json.loads(desk.tickets.bodies[0])["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] == {}


def test_an_answer_to_what_no_server_asked_goes_nowhere(desk: Desk) -> None:
    session = begin(desk)
    before = len(desk.tickets.bodies)
    answer = post(desk, {"jsonrpc": "2.0", "id": 7, "result": {"action": "accept"}}, session)
    assert answer.status_code == 400
    assert len(desk.tickets.bodies) == before


def test_other_paths_methods_and_bodies_that_are_too_large_are_refused(desk: Desk) -> None:
    assert desk.call("GET", "/mcp").status_code == 405
    assert desk.call("POST", "/", json=INITIALIZE).status_code == 404
    assert desk.call("POST", "/mcp?x=1", json=INITIALIZE).status_code == 404
    assert post(desk, b"x" * (4 * 2**20 + 1)).json()["error"]["message"].startswith("the body is larger")
    assert desk.tickets.heads == []


def test_a_trace_of_another_app_is_refused(desk: Desk) -> None:
    desk.calls[OTHER_TRACE] = Call(next(iter(desk.calls.values())).identity, "other/app", "rel_1", OTHER_TRACE)
    answer = post(desk, INITIALIZE, trace=OTHER_TRACE)
    assert answer.json()["error"]["data"]["deciders"] == ["trace-of-this-app"]
    assert desk.tickets.heads == []


def answering(content: bytes, kind: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{more}content-length: {len(content)}\r\n\r\n"
    return head.encode() + content


RESULT = (
    b'{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x"}}}'
)


@contextmanager
def lying(desk: Desk, answer: bytes) -> Iterator[None]:
    assert desk.connection is not None
    with raw_server() as server:
        server.says(answer)
        desk.connection = desk.connection.model_copy(update={"url": f"{server.url}/mcp", "timeout_seconds": 1})
        yield


@pytest.mark.parametrize(
    "answer",
    [
        answering(b"<html>"),
        answering(b"[]"),
        answering(b""),
        answering(RESULT.replace(b'"id":1', b'"id":2')),
        answering(RESULT, more="content-encoding: gzip\r\n"),
        answering(RESULT, status="302 Found", more="location: http://elsewhere.example/\r\n"),
        answering(RESULT, status="500 Oops", kind="text/plain"),
        answering(RESULT)[:-20],
        answering(b"data: " + RESULT[:40] + b"\n\n", "text/event-stream"),
        answering(b"data: " + b"x" * (8 * 2**20 + 1) + b"\n\n", "text/event-stream"),
        answering(b": only words\n\n" * 10, "text/event-stream"),
        b"SSH-2.0-x\r\n\r\n",
        b"",
    ],
    ids=range(13),
)
def test_a_server_that_answers_something_else_is_an_error_that_says_nothing_of_it(desk: Desk, answer: bytes) -> None:
    with lying(desk, answer):
        told = said(post(desk, INITIALIZE))
    assert told["id"] == 1
    assert told["error"]["message"].startswith(("the server", "a message of the server"))
    assert "elsewhere" not in str(told)


def test_messages_of_a_stream_that_are_not_for_the_app_stay_behind(desk: Desk) -> None:
    stream = b"".join(
        b"data: " + line + b"\r\n\r\n"
        for line in (
            b'{"jsonrpc":"2.0","method":"notifications/odd","params":{"x":"hidden"}}',
            b'{"jsonrpc":"2.0","id":99,"result":{"x":"hidden"}}',
            b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"progressToken":5,"x":"hidden"}}',
            RESULT.replace(b'"result":{', b'"result":{"instructions":"hidden","x":"hidden",'),
            b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":2}}',
        )
    )
    with lying(desk, answering(stream, "text/event-stream")):
        answer = post(desk, INITIALIZE)
    assert "hidden" not in answer.text
    assert answer.text.count("data: ") == 2
    assert said(answer)["result"]["serverInfo"] == {"name": "x"}


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("file:///reports/**", ["file:///reports/a", "file:///reports/a/b%20c"],
         ["file:///reports", "file:///reports/../etc", "file:///reports/%2e%2e/etc", "file:///reports/a//b",
          "file:///reportsx/a", "FILE:///reports/a", "file://reports/a", "file:///reports/a%2Fb", "file:///reports/a%00"]),
        ("tickets://**", ["tickets://a", "tickets://a/b"], ["tickets:a", "ticketsx://a", "tickets://a/../b"]),
        ("tickets://open/{n}", ["tickets://open/7"], ["tickets://open/", "tickets://open", "tickets://open/7?x=1"]),
    ],
)  # fmt: skip
def test_an_address_of_a_resource_is_of_a_pattern_or_can_be_read_in_two_ways(
    pattern: str, good: list[str], bad: list[str]
) -> None:
    grant = DataGrant(integration="x", tables=(), served=(ResourceGrant(resource=pattern),))
    opened = Opened.by(grant)
    assert [uri for uri in good if not opened.opens(uri)] == []
    assert [uri for uri in bad if opened.opens(uri)] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["tools", "search", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


@given(
    method=st.sampled_from(
        ["initialize", "tools/list", "resources/list", "resources/read", "prompts/list", "tools/call"]
    ),
    result=st.dictionaries(WORDS, JSON, max_size=6),
    masks=st.booleans(),
)
def test_no_answer_of_a_server_is_more_than_a_refusal(method: str, result: dict[str, Any], masks: bool) -> None:
    served = (ToolGrant(tool="search", digest="ab" * 32), ResourceGrant(resource="a://**"), PromptGrant(prompt="text"))
    opened = Opened.by(DataGrant(integration="x", tables=(), served=served))
    fields = (FieldMask(path="email"),) if masks else ()
    going = Going(Said(method, 1), {"name": "search"}, fields)
    with suppress(CallRefusedError):
        going.answered(Said(id=1, result=result), opened, lambda *_: None)


def test_a_version_of_a_server_that_could_end_a_header_is_none(desk: Desk) -> None:
    odd = RESULT.replace(b'"2025-11-25"', b'"2025\\r\\nx-injected: 1"')
    assert desk.connection is not None
    with raw_server() as server:
        server.says(answering(odd, more="mcp-session-id: the-session\r\n"))
        desk.connection = desk.connection.model_copy(update={"url": f"{server.url}/mcp", "timeout_seconds": 1})
        session = post(desk, INITIALIZE).headers["mcp-session-id"]
        post(desk, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, session)
        assert b"mcp-session-id: the-session" in server.heads[1]
        assert b"x-injected" not in server.heads[1]
