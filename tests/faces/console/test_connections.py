"""The page of one's own connections: connect once, see as whom and for what, connect again, and disconnect."""

import re
from html import unescape

import httpx2
import pytest
from typer.testing import CliRunner

from bailiwick.control.consents import ConsentNeededError
from bailiwick.core.artifacts import digest
from bailiwick.faces.cli.main import root
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.authorization_server import authorization_server, client
from tests.fixtures.consents import REDIRECT_URI, Consented, credential_at

pytestmark = pytest.mark.req("IN2")


def connect(consented: Consented, browser: httpx2.Client, account: str) -> httpx2.Response:
    """Click through as a person does; return the answer to the way back."""
    page = browser.get("/connections").text
    told = browser.post("/connections/crm/editor/begin", data={"csrf_token": csrf_token(page)})
    assert told.status_code == 200
    onward = unescape(re.findall(r'href="([^"]+)" rel="noreferrer"', told.text)[0])
    back = consented.server.click(onward, REDIRECT_URI, account)
    return browser.get("/connections/crm/callback", params=back)


def test_a_person_connects_once_and_sees_as_whom_until_they_disconnect(console: Console, consented: Consented) -> None:
    browser, _ = console.signed_in("builder")
    page = browser.get("/connections").text
    assert "0 accounts of yours are connected, of 1." in page
    assert "not connected" in page
    assert browser.post("/connections/crm/editor/begin", data={"csrf_token": "x"}).status_code == 403
    assert connect(consented, browser, "ada@crm.example").headers["location"] == "/connections"
    page = browser.get("/connections").text
    for words in ("1 account of yours is connected", "ada@crm.example", "openid, contacts.read", "finance/desk",
                  "Renewed by itself"):  # fmt: skip
        assert words in page, words
    # Taken back at the service: it waits for its person, where everything else waits for them.
    token = consented.token("builder")
    assert token.token not in page
    consented.server.revoke(token.token)
    with pytest.raises(ConsentNeededError, match="connect their account again"):
        consented.token("builder", refused=digest(token.token.encode()))
    inbox = browser.get("/approvals").text
    assert "Connections to give again" in inbox
    assert "taken back or has ended" in inbox
    assert re.search(r'<span class="badge">1<span class="unseen"> waiting', inbox)
    other, _ = console.signed_in("second")
    assert "Connections to give again" not in other.get("/approvals").text
    assert "Connect crm again" in browser.get("/connections").text
    assert connect(consented, browser, "ada@crm.example").status_code == 303
    assert "Connections to give again" not in browser.get("/approvals").text
    form = {"csrf_token": csrf_token(browser.get("/connections").text)}
    assert browser.post("/connections/crm/editor/end", data=form).status_code == 303
    assert "0 accounts of yours are connected, of 1." in browser.get("/connections").text


def test_the_way_back_is_only_for_the_browser_that_went(console: Console, consented: Consented) -> None:
    browser, _ = console.signed_in("builder")
    page = browser.get("/connections").text
    told = browser.post("/connections/crm/editor/begin", data={"csrf_token": csrf_token(page)}).text
    onward = unescape(re.findall(r'href="([^"]+)" rel="noreferrer"', told)[0])
    back = consented.server.click(onward, REDIRECT_URI, "mallory@crm.example")
    victim, _ = console.signed_in("second")
    for stranger in (victim, console.signed_in("builder")[0]):
        refused = stranger.get("/connections/crm/callback", params=back)
        assert refused.status_code == 403
        assert "do not follow links that somebody sent you" in refused.text
    nobody = console.browser().get("/connections/crm/callback", params=back)
    assert nobody.headers["location"].startswith("/sign-in")
    assert "mallory" not in victim.get("/connections").text
    for odd in ("%00", "%0a", "a%20b", "x" * 300):
        assert browser.get(f"/connections/{odd}/callback", params=back).status_code == 404
    user, _ = console.signed_in("user")
    page = user.get("/connections").text
    assert "No app that you may use acts in your name" in page


def test_a_code_is_typed_at_a_service_that_sends_nobody_back(console: Console, consented: Consented) -> None:
    grants = ["refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
    known = client(REDIRECT_URI, grant_types=grants, redirect_uris=[], response_types=[])
    with authorization_server([known]) as server:
        url = f"{server.issuer}/device/auth"
        consented.register(credential_at(server, authorization_url="", issuer="", device_url=url))
        browser, _ = console.signed_in("builder")
        page = browser.get("/connections").text
        page = browser.post("/connections/crm/editor/begin", data={"csrf_token": csrf_token(page)}).text
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
        (code,) = re.findall(r'<strong class="mono">([^<]+)</strong>', page)
        again = browser.post("/connections/crm/agreed", data=form)
        assert "says that you have not agreed yet" in again.text
        assert code in again.text
        other, _ = console.signed_in("second")
        stolen = {**form, "csrf_token": csrf_token(other.get("/connections").text)}
        assert other.post("/connections/crm/agreed", data=stolen).status_code == 403
        server.type_code(f"{server.issuer}/device", code)
        assert browser.post("/connections/crm/agreed", data=form).headers["location"] == "/connections"
        assert "typed@crm.example" in browser.get("/connections").text


def test_the_command_line_lists_and_ends_connections(
    console: Console, consented: Consented, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    control = console.company.control
    issued = control.identity.issue_token(
        console.company.people["builder"], audience="api", lifetime=timedelta(hours=1), purpose="test"
    )
    monkeypatch.setenv("BAILIWICK_URL", console.url)
    monkeypatch.setenv("BAILIWICK_TOKEN", issued.secret)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(root, list(arguments))
        return done.output

    assert f"connect at {console.url}/connections" in run("connection", "list")
    consented.connect("builder", "ada@crm.example")
    assert "connected  ada@crm.example  openid, contacts.read" in run("connection", "list")
    assert "nothing waits for a decision" in run("approve", "--list")
    token = consented.token("builder").token
    consented.server.revoke(token)
    with pytest.raises(ConsentNeededError):
        consented.token("builder", refused=digest(token.encode()))
    assert "crm on editor: the service says that it was taken back" in run("approve", "--list")
    assert "no account is connected for 'other'" in run("connection", "end", "other")
    assert "crm on editor: disconnected" in run("connection", "end", "crm")
    assert "no account is connected for 'crm'" in run("connection", "end", "crm")
    assert "you have not connected crm on editor" in run("connection", "end", "crm", "--plane", "editor")
