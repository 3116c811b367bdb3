"""Who may speak at the MCP door, and what comes of what nobody should say there."""

import http.client
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bailiwick.control.identity import MCP_AUDIENCE
from tests.faces.mcp.conftest import Door, text_of
from tests.faces.mcp.test_tools import FILES
from tests.fixtures.company import APP

ACCEPTS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
NO_QUESTIONS = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, json.dumps([LIST] * 3).encode(),
     b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}', b'{"jsonrpc":"2.0","id":1,"method":"no/such"}',
     b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}',
     b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find_apps","arguments":[1]}}',
)  # fmt: skip
PATHS = (
    "../x.py", "/etc/passwd", "a/../../x", ".git/config", "a/.GIT/hooks/x", "a//b", "./a", "a\\..\\b", "a\0b", "a\nb",
     "", "a/", ".", "x" * 5000, "caf\u202ee.py",
)  # fmt: skip
HOSTILE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("submit_change", {"app": APP, "files": {"a": {"base64": "###"}}, "message": "x"}),
     ("submit_change", {"app": APP, "files": {"a": {"text": "x", "base64": "eA=="}}, "message": "x"}),
     ("submit_change", {"app": APP, "files": {"a": {}}, "message": "x"}),
     ("submit_change", {"app": APP, "files": {"a": "x"}, "message": "x"}),
     ("submit_change", {"app": APP, "files": {"a": {"text": "x", "mode": "120000"}}, "message": "x"}),
     ("submit_change", {"app": APP, "files": {"a": {"text": "x", "executable": "yes"}}, "message": "x"}),
     ("submit_change", {"app": APP, "files": FILES, "message": ""}),
     ("submit_change", {"app": APP, "files": FILES, "message": "x", "base": "HEAD"}),
     ("submit_change", {"app": APP, "files": FILES, "message": "x", "base": "--upload-pack=x"}),
     ("submit_change", {"app": APP, "files": FILES, "message": "x", "base": "f" * 40}),
     ("submit_change", {"app": APP, "files": FILES, "message": "x", "door": "git"}),
     ("submit_change", {"app": APP, "files": FILES, "message": "x", "removed": ["app.py"]}),
     ("submit_change", {"app": APP, "files": {}, "message": "x"}),
     ("submit_change", {"app": "finance/desk\0", "files": FILES, "message": "x"}),
     ("submit_change", {"app": 5}), ("find_apps", {"limit": 100000}), ("find_apps", {"cursor": "\0"}),
     ("find_apps", {"identity": "user:admin@example.com"}), ("history", {"app": "a" * 1000}),
     ("findings", {}), ("findings", {"review": "x", "app": APP}),
     ("rollback", {"app": APP, "release": ""}), ("house_rules", {"folder": "\n"}), ("no_such_tool", {}),
)  # fmt: skip


def post(door: Door, body: Any, headers: Mapping[str, str] | None = None, token: str = "") -> httpx2.Response:
    bearer = {"authorization": f"Bearer {token or door.token('builder')}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.post(door.mcp, content=content, headers={**ACCEPTS, **bearer, **(headers or {})}, timeout=30)


def call(door: Door, tool: str, arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    answer = post(door, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.req("ID2", "RV1")
def test_without_a_token_a_client_learns_where_to_get_one(door: Door) -> None:
    answer = httpx2.post(door.mcp, json=LIST, headers=ACCEPTS)
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    where = challenge.partition('resource_metadata="')[2].partition('"')[0]
    assert where == f"{door.url}/.well-known/oauth-protected-resource/mcp"
    metadata = httpx2.get(where).json()
    assert metadata == httpx2.get(f"{door.url}/.well-known/oauth-protected-resource").json()
    assert (metadata["resource"], metadata["authorization_servers"]) == (door.mcp, [door.url])


@pytest.mark.req("ID2", "ID3")
def test_only_a_living_token_for_this_door_opens_it(door: Door) -> None:
    control, builder = door.company.control, door.company.people["builder"]
    assert post(door, LIST).status_code == 200
    for audience in ("api", "git", "api git", "mcpx", "directory"):
        assert post(door, LIST, token=door.token("builder", audience)).status_code == 401
    assert post(door, LIST, token=door.token("builder", "api git mcp")).status_code == 200
    over = control.identity.issue_token(builder, audience=MCP_AUDIENCE, lifetime=timedelta(0), purpose="test").secret
    for secret in (over, "bwt_made-up", "bwm_made-up", "x" * 5000, "é"):
        assert post(door, LIST, headers={"authorization": f"Bearer {secret}".encode()}).status_code == 401  # type: ignore[dict-item]
    api = {"authorization": f"Bearer {door.token('builder')}"}
    assert httpx2.get(f"{door.url}/api/v1/me", headers=api).status_code == 401
    held = door.token("builder")
    control.identity.revoke_principal(door.company.people["admin"], "user:builder@example.com", "left")
    answer = post(door, LIST, token=held)
    assert (answer.status_code, held in answer.text) == (401, False)


@pytest.mark.req("ID2")
def test_pages_of_other_sites_are_not_let_in(door: Door) -> None:
    for origin in (
        "http://evil.example",
        "null",
        f"{door.url}.evil.example",
        "http://127.0.0.1:1",
        "https://127.0.0.1",
    ):
        assert post(door, LIST, {"origin": origin}).status_code == 403
    assert post(door, LIST, {"origin": door.url}).status_code == 200
    for host in ("evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", door.url.removeprefix("http://") + ".evil"):
        assert post(door, LIST, {"host": host}).status_code == 421
    # Before the token is looked at: a stranger's page learns nothing of it.
    assert httpx2.post(door.mcp, json=LIST, headers={**ACCEPTS, "origin": "http://evil.example"}).status_code == 403


@pytest.mark.req("RV1")
def test_other_methods_and_paths_offer_nothing(door: Door) -> None:
    bearer = {**ACCEPTS, "authorization": f"Bearer {door.token('builder')}"}
    for method in ("GET", "DELETE", "PUT"):
        answer = httpx2.request(method, door.mcp, headers=bearer)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert httpx2.post(f"{door.url}/mcp/", json=LIST, headers=bearer).status_code == 200
    assert httpx2.post(f"{door.url}/mcp/sse", json=LIST, headers=bearer).status_code == 404
    assert httpx2.post(f"{door.url}/mcpx", json=LIST, headers=bearer).status_code in {404, 405}


@pytest.mark.req("RV1")
def test_what_is_no_question_gets_an_error_and_no_more(door: Door) -> None:
    for version in ("2024-11-05", "2025-11-25", "2026-07-28", "2099-01-01", ""):
        for body in NO_QUESTIONS:
            answer = post(door, body, {"mcp-protocol-version": version} if version else {})
            assert answer.status_code < 500, body[:80]
            assert answer.status_code >= 400 or "error" in answer.json(), body[:80]
            assert "Traceback" not in answer.text
    assert post(door, LIST).status_code == 200


@pytest.mark.req("RV1")
def test_no_file_lies_outside_of_the_app(door: Door) -> None:
    for path in PATHS:
        change = {"app": APP, "files": {**FILES, path: {"text": "x = 1\n"}}}
        for tool, arguments in (("submit_change", {**change, "message": "x"}), ("review_change", change)):
            result = call(door, tool, arguments)["result"]
            assert result["isError"] is True, path
            assert "Traceback" not in json.dumps(result)
            assert "our side" not in result["content"][0]["text"]


@pytest.mark.req("RV1")
def test_hostile_arguments_are_told_what_is_wrong(door: Door) -> None:
    for tool, arguments in HOSTILE:
        result = call(door, tool, arguments)["result"]
        assert result["isError"] is True, arguments
        assert "\nnext: " in result["content"][0]["text"], arguments
        assert "our side" not in result["content"][0]["text"], arguments


@pytest.mark.req("RV1")
def test_what_is_no_unicode_is_no_question(door: Door) -> None:
    for files in ({"a": {"text": "\ud800"}}, {"\ud800": {"text": "x"}}):
        params = {"name": "submit_change", "arguments": {"app": APP, "files": files, "message": "x"}}
        answer = post(door, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        assert (answer.status_code, "Parse error" in answer.text) == (400, True)


@pytest.mark.req("RV1")
def test_what_a_caller_said_wrongly_is_not_said_back(door: Door) -> None:
    secret = "ghp_" + "a1B2" * 9
    answer = call(door, "find_apps", {"limit": secret})
    assert secret not in json.dumps(answer)


@pytest.mark.req("RV1")
async def test_text_with_every_sign_goes_in_and_comes_out(door: Door) -> None:
    files = {**FILES, "data/café 🎈.txt": {"text": "\0\u202e�🎈\r\n"}}
    taken = await door.call(
        "builder", "submit_change", app=APP, files=files, message="naïve\0 🎈", agent="a\0b", prompts=["p\0q", "\u202e"]
    )
    assert "our side" not in text_of(taken)
    assert taken.structured_content is not None
    assert taken.structured_content["app"] == APP


@pytest.mark.req("RV1")
def test_a_body_that_is_too_large_is_refused_before_it_is_read(door: Door) -> None:
    connection = http.client.HTTPConnection(door.url.removeprefix("http://"), timeout=20)
    headers = {**ACCEPTS, "authorization": f"Bearer {door.token('builder')}", "content-length": str(2**40)}
    connection.request("POST", "/mcp", headers=headers)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.req("RV1")
def test_one_person_does_not_keep_the_others_waiting(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = type(door.company.control.catalog)
    began, go, asked = threading.Semaphore(0), threading.Event(), catalog.list_apps

    def slow(*given: Any, **named: Any) -> Any:
        began.release()
        go.wait(30)
        return asked(*given, **named)

    question = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find_apps", "arguments": {}}}
    monkeypatch.setattr(catalog, "list_apps", slow)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(post, door, question) for _ in range(8)]
        for _ in answers:
            assert began.acquire(timeout=30)
        ninth, another = post(door, question), post(door, LIST, token=door.token("second"))
        go.set()
        statuses = {answer.result().status_code for answer in answers}
    assert (ninth.status_code, ninth.headers["retry-after"], another.status_code) == (429, "1", 200)
    assert statuses == {200}
    assert post(door, question).status_code == 200


@pytest.mark.req("ID1")
async def test_a_fault_of_ours_says_nothing_of_its_inside(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(door.company.control.catalog), "list_apps", broken)
    answer = await door.call("builder", "find_apps")
    assert answer.is_error
    assert "secret inside" not in text_of(answer)
    assert "trace" in text_of(answer)
