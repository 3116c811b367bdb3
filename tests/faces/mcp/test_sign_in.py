"""How an agent's program comes by a token: it finds out where, registers, and a person says yes in their browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.auth.oauth2 import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from sqlalchemy import select, update

from bailiwick.control.identity import ServiceDraft
from bailiwick.control.identity.tables import OAuthClientRow, TokenRow
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, addresses, console, csrf_token, sign_in
from tests.faces.console.program import Program
from tests.faces.mcp.conftest import NEW, OLD, text_of
from tests.faces.mcp.test_tools import FILES
from tests.fixtures.company import APP

__all__ = ["addresses", "console"]
BUILDER = "builder@example.com"
REDIRECT = "http://127.0.0.1:4123/callback"
AGENT = "agent:claude-code"


class Kept(TokenStorage):
    """What a client keeps."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Desk:
    """A person at their machine: an MCP client, and the browser that it opens."""

    def __init__(self, console: Console, name: str = "Some Editor") -> None:
        self.console, self.name, self.kept = console, name, Kept()
        self.page = ""
        self._answer: dict[str, list[str]] = {}

    async def _open(self, url: str) -> None:
        """Sign in at the identity provider, read the page, say yes."""
        browser = self.console.browser()
        sent = browser.get(url)
        start = sent.headers["location"].replace("/sign-in?", "/sign-in/start?")
        page = browser.get(sign_in(browser, BUILDER, start).headers["location"])
        self.page = page.text
        asked = unescape(page.text.partition('name="asked" value="')[2].partition('"')[0])
        form = {"csrf_token": csrf_token(page.text), "asked": asked, "answer": "yes"}
        back = browser.post("/oauth/authorize", data=form).headers["refresh"].removeprefix("0; url=")
        assert back.startswith(REDIRECT + "?")
        self._answer = parse_qs(urlsplit(back).query)

    async def _wait(self) -> AuthorizationCodeResult:
        said = self._answer
        return AuthorizationCodeResult(code=said["code"][0], state=said["state"][0], iss=said["iss"][0])

    @asynccontextmanager
    async def client(self, mode: str = NEW) -> AsyncIterator[Client]:
        metadata = OAuthClientMetadata(client_name=self.name, redirect_uris=[AnyUrl(REDIRECT)])
        url = f"{self.console.url}/mcp"
        auth = OAuthClientProvider(url, metadata, self.kept, self._open, self._wait)
        async with (
            httpx2.AsyncClient(auth=auth, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            yield client


def make_agent(console: Console, name: str = AGENT) -> None:
    admin = console.company.people["admin"]
    console.company.control.services.create(admin, ServiceDraft(name, "group:admin", "Writes code", 30, public=True))
    console.company.control.identity.roles.assign(admin, "builder", name, "folder:finance")


def register(console: Console, **metadata: Any) -> httpx2.Response:
    return httpx2.post(f"{console.url}/oauth/register", json=metadata)


@pytest.mark.req("ID2", "RV1", "RV10")
@pytest.mark.parametrize("mode", [OLD, NEW])
async def test_a_client_that_nobody_set_up_signs_in_and_sends_a_change(console: Console, mode: str) -> None:
    desk = Desk(console)
    async with desk.client(mode) as client:
        taken = await client.call_tool("submit_change", {"app": APP, "message": "1", "files": FILES})
    assert not taken.is_error, text_of(taken)
    assert "Some Editor" in desk.page
    assert "this is what it calls itself" in desk.page
    assert desk.kept.tokens is not None
    assert desk.kept.client is not None
    assert (desk.kept.client.token_endpoint_auth_method, desk.kept.client.client_secret) == ("none", None)
    with console.company.control.store.transaction() as session:
        people = console.company.people["builder"]
        (revision,) = console.company.control.history.revisions(session, people, APP).revisions
        row = session.scalars(select(OAuthClientRow)).one()
    assert revision.push.author == f"user:{BUILDER}"
    assert row.last_used is not None
    listed = console.signed_in("builder")[0].get("/sessions").text
    assert "Some Editor" in listed
    # It is for this door only, and a second call needs no person.
    bearer = {"authorization": f"Bearer {desk.kept.tokens.access_token}"}
    assert httpx2.get(f"{console.url}/api/v1/me", headers=bearer).status_code == 401
    desk.page = ""
    with console.company.control.store.transaction() as session:
        session.execute(update(TokenRow).values(expires=utc_now()))
    async with desk.client(mode) as client:
        assert not (await client.call_tool("find_apps", {})).is_error


@pytest.mark.req("ID2", "RV10", "IN3")
async def test_a_program_with_an_agents_name_works_as_that_agent_for_the_person(console: Console) -> None:
    make_agent(console)
    make_agent(console, "agent:claude")
    desk = Desk(console, "Claude Code (desk)")
    async with desk.client() as client:
        taken = await client.call_tool("submit_change", {"app": APP, "message": "1", "files": FILES})
        history = await client.call_tool("history", {"app": APP})
        assert not taken.is_error, text_of(taken)
        (revision,) = history.structured_content["revisions"]
        assert (revision["verified_agent"], revision["person"]) == (AGENT, f"user:{BUILDER}")
        assert f"<code>{AGENT}</code>, which may do what both it and you may" in desk.page
        # The agent's rights are a limit, and so is the person's word.
        admin = console.company.people["admin"]
        console.company.control.identity.roles.remove(admin, "builder", AGENT, "folder:finance", "enough")
        refused = await client.call_tool("create_app", {"app": "finance/other"})
        assert "default-deny" in text_of(refused)
    session = console.company.control.identity
    session.revoke_principal(console.company.people["admin"], f"user:{BUILDER}", "left")
    assert desk.kept.tokens is not None
    answer = httpx2.post(
        f"{console.url}/mcp", json={}, headers={"authorization": f"Bearer {desk.kept.tokens.access_token}"}
    )
    assert answer.status_code == 401


@pytest.mark.req("ID2", "ID4")
def test_a_registered_agent_is_its_own_client(console: Console) -> None:
    make_agent(console)
    browser, _ = console.signed_in("builder")
    program = Program(console)
    asks = {"client_id": AGENT, "redirect_uri": "http://127.0.0.1:4000/callback"}
    code = program.answer(browser, program.asks(**asks))["code"]
    issued = program.redeem(code, client_id=AGENT).json()
    list_tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"accept": "application/json, text/event-stream", "authorization": f"Bearer {issued['access_token']}"}
    assert httpx2.post(f"{console.url}/mcp", json=list_tools, headers=headers).status_code == 200
    # Switched off, it stops at once; what was given does not come back as the person's own.
    admin = console.company.people["admin"]
    console.company.control.services.disable(admin, AGENT, "enough")
    assert httpx2.post(f"{console.url}/mcp", json=list_tools, headers=headers).status_code == 401
    refused = program.refresh(issued["refresh_token"], client_id=AGENT)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    answer = program.answer(browser, program.asks(**asks))
    refused = program.redeem(answer["code"], client_id=AGENT)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert "switched off" in refused.json()["error_description"]
    for client in ("agent:nobody", "service:nightly", "agent:"):
        assert browser.get(program.asks(client_id=client)).status_code == 400


@pytest.mark.req("ID2")
def test_registration_keeps_only_places_on_the_persons_machine(console: Console) -> None:
    good = ["http://localhost:3118/callback", "http://127.0.0.1/", "http://[::1]:4000/oauth/callback",
            "cursor://anysphere.cursor-mcp/oauth/callback"]  # fmt: skip
    bad = ["https://evil.example/callback", "http://evil.example/callback", "http://127.0.0.1.evil:4000/callback",
           "http://127.0.0.1@evil:4000/callback", "http://127.0.0.1:4000/callback?x=1", "javascript:alert(1)",
           "http://127.0.0.1:4000/a/../b", "data:text/html,x", "cursor://x/y?z=1", "file:///etc/passwd",
           "http://localhost:80/callback", "", "x" * 10_000]  # fmt: skip
    answer = register(console, client_name="Some Editor", redirect_uris=good[:2] + bad[:1])
    assert answer.status_code == 201, answer.text
    assert answer.json()["redirect_uris"] == good[:2]
    assert answer.headers["cache-control"] == "no-store"
    assert register(console, client_name="x", redirect_uris=good).json()["redirect_uris"] == good
    for uri in bad:
        refused = register(console, client_name="x", redirect_uris=[uri])
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_redirect_uri"), uri
    for uris in (None, [], "http://127.0.0.1:4000/callback", [5], {"a": 1}, good * 10):
        assert register(console, redirect_uris=uris).json()["error"] == "invalid_redirect_uri"
    assert register(console, client_name=5, redirect_uris=good).json()["error"] == "invalid_client_metadata"
    for body in (b"", b"[]", b"{", b"[" * 100_000, b"\xff", b" " * 70_000):
        broken = httpx2.post(f"{console.url}/oauth/register", content=body)
        assert (broken.status_code, broken.json()["error"]) == (400, "invalid_client_metadata")
    named = register(console, client_name="\u202eevil\x1b[31m" + "x" * 500, redirect_uris=good).json()["client_name"]
    assert named.isprintable()
    assert len(named) <= 80


@pytest.mark.req("ID2")
def test_a_code_goes_where_its_client_waits_and_opens_one_door(console: Console) -> None:
    client = register(console, client_name="Editor", redirect_uris=["http://127.0.0.1:4000/callback"]).json()
    client_id = client["client_id"]
    browser, _ = console.signed_in("builder")
    program = Program(console)
    for uri in ("http://127.0.0.1:4000/other", "http://localhost:4000/callback", "http://127.0.0.1/callback",
                "cursor://anysphere.cursor-mcp/oauth/callback", "https://evil.example/callback"):  # fmt: skip
        assert browser.get(program.asks(client_id=client_id, redirect_uri=uri)).status_code == 400
    for door in ("/api/v1", "/git", ""):
        asked = program.asks(client_id=client_id, resource=f"{console.url}{door}")
        assert "invalid_target" in browser.get(asked).headers["location"]
    code = program.answer(browser, program.asks(client_id=client_id, resource=f"{console.url}/mcp"))["code"]
    stolen = program.redeem(code)  # another program shows it
    assert stolen.json()["error"] == "invalid_grant"
    assert program.redeem(code, client_id=client_id).json()["error"] == "invalid_grant"
    code = program.answer(browser, program.asks(client_id=client_id))["code"]
    issued = program.redeem(code, client_id=client_id).json()
    assert program.opens(issued["access_token"]) == 401
    assert program.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    wrong = program.refresh(issued["refresh_token"], client_id=client_id, resource=f"{console.url}/api/v1")
    assert wrong.json()["error"] == "invalid_target"


@pytest.mark.req("ID2")
def test_nobody_fills_the_house_with_registrations(console: Console) -> None:
    redirects = ["http://127.0.0.1:4000/callback"]
    answers = [register(console, client_name="x", redirect_uris=redirects).status_code for _ in range(52)]
    assert (answers[:50], answers[50:]) == ([201] * 50, [429] * 2)


@pytest.mark.req("ID2")
def test_what_there_is_is_said_where_clients_look(console: Console) -> None:
    server = httpx2.get(f"{console.url}/.well-known/oauth-authorization-server").json()
    assert server["registration_endpoint"] == f"{console.url}/oauth/register"
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert f"{console.url}/mcp" in server["protected_resources"]
    resource = httpx2.get(f"{console.url}/.well-known/oauth-protected-resource/mcp").json()
    assert resource["authorization_servers"] == [server["issuer"]]
