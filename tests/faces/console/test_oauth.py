"""Programs that act for people: what is granted, to whom, for how long, and what a thief of any part of it gets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from sqlalchemy import update

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.tables import AuthorizationCodeRow, FamilyRow, RefreshTokenRow, TokenRow
from bailiwick.core.clock import utc_now
from bailiwick.core.pkce import pkce_challenge
from tests.faces.console.conftest import Console, Open, sign_in
from tests.faces.console.program import CLIENT, REDIRECT, Program, returned
from tests.faces.console.test_step_up import logout_token


@pytest.fixture
def program(console: Console) -> Program:
    return Program(console)


def refused(answer: httpx2.Response, error: str) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"


def events(console: Console, action: str) -> list[tuple[str, str, str]]:
    with console.company.control.store.transaction() as session:
        found = search(session, AuditQuery(action=action)).events
    return [(item.event.actor, item.event.outcome.value, item.event.reason) for item in found]


@pytest.mark.req("ID2")
def test_a_program_gets_short_lived_tokens_after_a_persons_yes(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    page = browser.get(program.asks())
    assert "bailiwick-cli" in page.text
    assert "127.0.0.1:4000" in page.text
    back = program.answer(browser)
    assert (back["state"], back["iss"]) == ("the-state", console.url)
    answer = program.redeem(back["code"])
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert issued["token_type"] == "Bearer"
    assert 890 <= issued["expires_in"] <= 900
    me = httpx2.get(f"{console.url}/api/v1/me", headers={"authorization": f"Bearer {issued['access_token']}"})
    assert me.json()["principal"] == "user:builder@example.com"
    assert ("user:builder@example.com", "success", "") in events(console, "session.created")


@pytest.mark.req("ID2")
def test_nothing_is_granted_without_a_click_and_a_no_is_told(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    for _ in range(2):
        assert browser.get(program.asks()).status_code == 200
    assert program.answer(browser, says="no")["error"] == "access_denied"
    program.signed_in(browser)
    assert browser.get(program.asks()).status_code == 200  # and a first yes is not a second


@pytest.mark.req("ID2")
def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(console: Console, program: Program) -> None:
    browser = console.browser()
    sent = browser.get(program.asks())
    assert sent.headers["location"].startswith("/sign-in?return_to=%2Foauth%2Fauthorize%3F")
    landed = sign_in(browser, "builder@example.com", sent.headers["location"].replace("/sign-in?", "/sign-in/start?"))
    assert program.answer(browser, landed.headers["location"])["code"]


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1@evil.example:4000/callback", "http://127.0.0.1:4000@evil.example/callback",
     "http://localhost.evil:4000/callback", "http://localhost:4000/callback", "https://127.0.0.1:4000/callback",
     "http://127.0.0.1:4000/callback/../x", "http://127.0.0.1:4000/other", "http://127.0.0.1:4000/callback?x=1",
     "http://127.0.0.1:4000/callback#x", "http://127.0.0.1:4000/callback\\@evil", "http://127.0.0.1/callback",
     "http://127.0.0.1:22/callback", "http://127.0.0.1:70000/callback", "http://127.0.0.1.evil:4000/callback",
     "http://127.1:4000/callback", "http://[::1]@evil:4000/callback", "http://127.0.0.1:4000/callback\n",
     "//evil.example/callback", "javascript:alert(1)", "", None],
)  # fmt: skip
def test_no_code_is_sent_to_an_address_that_is_not_the_programs(
    console: Console, program: Program, uri: str | None
) -> None:
    browser, session = console.signed_in("builder")
    page = browser.get(program.asks(redirect_uri=uri))
    assert page.status_code == 400
    assert "not one of this program" in page.text
    form = {"csrf_token": session.csrf_token, "asked": program.asks(redirect_uri=uri).partition("?")[2]}
    forged = browser.post("/oauth/authorize", data={**form, "answer": "yes"})
    assert (forged.status_code, {"location", "refresh"} & set(forged.headers)) == (400, set())


@pytest.mark.req("ID2")
def test_a_program_that_nobody_knows_is_not_sent_anywhere(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    for client in ("another", "", None):
        page = browser.get(program.asks(client_id=client))
        assert (page.status_code, "location" in page.headers) == (400, False)
    twice = browser.get(program.asks() + "&client_id=bailiwick-cli")
    assert (twice.status_code, "location" in twice.headers) == (400, False)


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("changes", "error"),
    [({"code_challenge_method": "plain"}, "invalid_request"), ({"code_challenge_method": None}, "invalid_request"),
     ({"code_challenge": None}, "invalid_request"), ({"code_challenge": "short"}, "invalid_request"),
     ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
     ({"response_type": "token"}, "unsupported_response_type"), ({"scope": "admin"}, "invalid_scope"),
     ({"resource": "https://evil.example/"}, "invalid_target"), ({"max_age": "-1"}, "invalid_request"),
     ({"acr_values": "gold"}, "unmet_authentication_requirements")],
)  # fmt: skip
def test_a_request_that_asks_for_less_proof_is_refused_to_the_program(
    console: Console, program: Program, changes: dict[str, str | None], error: str
) -> None:
    browser, session = console.signed_in("builder")
    address = program.asks(**changes)
    form = {"csrf_token": session.csrf_token, "asked": address.partition("?")[2], "answer": "yes"}
    for sent in (browser.get(address), browser.post("/oauth/authorize", data=form)):
        back = returned(sent)
        assert (back["error"], back["iss"], back["state"]) == (error, console.url, "the-state")
        assert "code" not in back


@pytest.mark.req("ID2")
def test_a_code_needs_the_verifier_the_client_and_the_address_that_it_was_made_for(
    console: Console, program: Program
) -> None:
    browser, _ = console.signed_in("builder")
    for changes, error in (
        ({"code_verifier": "v" * 43}, "invalid_grant"),
        ({"code_verifier": pkce_challenge(program.verifier)}, "invalid_grant"),
        ({"code_verifier": "é" * 43}, "invalid_grant"),
        ({"redirect_uri": REDIRECT.replace("4000", "4001")}, "invalid_grant"),
        ({"resource": "https://evil.example/"}, "invalid_target"),
    ):
        code = program.answer(browser)["code"]
        refused(program.redeem(code, **changes), error)
        refused(program.redeem(code), "invalid_grant")  # one try, and it is spent
    code = program.answer(browser)["code"]
    refused(program.redeem(code, client_id="another"), "invalid_client")
    refused(program.redeem(code, code_verifier=""), "invalid_request")
    refused(program.redeem("bwc_forged"), "invalid_grant")
    assert program.redeem(code).status_code == 200


@pytest.mark.req("ID2")
def test_a_code_shown_twice_kills_the_tokens_made_from_it(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    code = program.answer(browser)["code"]
    issued = program.redeem(code).json()
    assert program.opens(issued["access_token"]) == 200
    refused(program.redeem(code), "invalid_grant")
    assert program.opens(issued["access_token"]) == 401
    refused(program.refresh(issued["refresh_token"]), "invalid_grant")
    seen = events(console, "code.reused")
    assert seen == [("user:builder@example.com", "refused", "an authorization code was shown a second time")]


@pytest.mark.req("ID2")
def test_a_code_lives_for_a_minute(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    code = program.answer(browser)["code"]
    with console.company.control.store.transaction() as session:
        session.execute(update(AuthorizationCodeRow).values(expires=utc_now()))
    refused(program.redeem(code), "invalid_grant")


@pytest.mark.req("ID2")
def test_a_refresh_token_works_once_and_a_second_time_ends_the_whole_family(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    first, other = program.signed_in(browser), program.signed_in(browser)
    second = program.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    third = program.refresh(second["refresh_token"]).json()
    assert [program.opens(item["access_token"]) for item in (first, second, third)] == [200, 200, 200]
    refused(program.refresh(first["refresh_token"]), "invalid_grant")
    assert [program.opens(item["access_token"]) for item in (first, second, third)] == [401, 401, 401]
    refused(program.refresh(third["refresh_token"]), "invalid_grant")
    seen = events(console, "token.reused")
    assert seen == [("user:builder@example.com", "refused", "a refresh token was shown a second time")]
    assert program.opens(other["access_token"]) == 200  # another program's, of the same person


@pytest.mark.req("ID2")
def test_two_who_show_a_refresh_token_at_once_do_not_both_get_in(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    issued = program.signed_in(browser)
    answers: list[httpx2.Response] = []
    together = [
        threading.Thread(target=lambda: answers.append(program.refresh(issued["refresh_token"]))) for _ in range(4)
    ]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    got = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(got) == 1
    assert program.opens(got[0]["access_token"]) == 401


@pytest.mark.req("ID2")
def test_tokens_are_for_the_door_that_was_named(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    git, api = f"{console.url}/git", f"{console.url}/api/v1"
    issued = program.signed_in(browser, resource=[api, git])
    for_git = program.refresh(issued["refresh_token"], resource=git).json()
    assert program.opens(for_git["access_token"]) == 401
    refs = f"{console.url}/git/finance/desk.git/info/refs?service=git-upload-pack"
    assert httpx2.get(refs, auth=("x", for_git["access_token"])).status_code == 200
    assert program.opens(issued["access_token"]) == 200
    only = program.signed_in(browser, resource=git)
    refused(program.refresh(only["refresh_token"], resource=api), "invalid_target")
    refused(program.refresh(only["refresh_token"], resource="https://evil.example"), "invalid_target")
    assert program.opens(program.refresh(only["refresh_token"]).json()["access_token"]) == 401


@pytest.mark.req("ID2")
def test_a_family_ends_with_its_idle_and_its_absolute_limit(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    idle, old, stale = (program.signed_in(browser) for _ in range(3))
    store, past = console.company.control.store, utc_now() - timedelta(seconds=1)
    with store.transaction() as session:
        family_of = {
            name: session.get_one(RefreshTokenRow, hash_of(item["refresh_token"]))
            for name, item in (("idle", idle), ("old", old))
        }
        assert timedelta(days=6) < family_of["idle"].expires - utc_now() <= timedelta(days=7)
        family_of["idle"].expires = past
        family = session.get_one(FamilyRow, family_of["old"].family)
        assert timedelta(days=29) < family.expires - utc_now() <= timedelta(days=30)
        family.expires = past
        session.get_one(TokenRow, hash_of(stale["access_token"])).expires = past
    refused(program.refresh(idle["refresh_token"]), "invalid_grant")
    refused(program.refresh(old["refresh_token"]), "invalid_grant")
    assert [program.opens(item["access_token"]) for item in (idle, old, stale)] == [200, 401, 401]
    assert program.refresh(stale["refresh_token"]).status_code == 200


@pytest.mark.req("ID2", "ID3")
def test_what_programs_hold_ends_with_everything_else_of_a_person(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    issued, code = program.signed_in(browser), program.answer(browser)["code"]
    control = console.company.control
    control.identity.revoke_principal(console.company.people["admin"], "user:builder@example.com", "left")
    assert program.opens(issued["access_token"]) == 401
    refused(program.refresh(issued["refresh_token"]), "invalid_grant")
    refused(program.redeem(code), "invalid_grant")


@pytest.mark.req("ID2", "ID3")
def test_a_logout_at_the_provider_ends_what_programs_hold(console: Console, program: Program) -> None:
    browser = console.browser()
    sign_in(browser, "builder@example.com")
    issued = program.signed_in(browser)
    told = logout_token(console, sub="builder@example.com")
    assert httpx2.post(f"{console.url}/sign-in/logout", data={"logout_token": told}).status_code == 200
    assert program.opens(issued["access_token"]) == 401
    refused(program.refresh(issued["refresh_token"]), "invalid_grant")


@pytest.mark.req("ID2")
def test_what_was_given_to_another_program_is_nothing_here(console: Console, program: Program) -> None:
    browser, _ = console.signed_in("builder")
    code, issued = program.answer(browser)["code"], program.signed_in(browser)
    with console.company.control.store.transaction() as session:
        for row in (AuthorizationCodeRow, FamilyRow):
            session.execute(update(row).values(client="another"))
    refused(program.redeem(code), "invalid_grant")
    refused(program.refresh(issued["refresh_token"]), "invalid_grant")
    given_back = httpx2.post(f"{console.url}/oauth/revoke", data={"client_id": CLIENT, "token": issued["access_token"]})
    refused(given_back, "unauthorized_client")
    assert program.opens(issued["access_token"]) == 200


@pytest.mark.req("ID2")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_program_gives_back_what_it_holds(console: Console, program: Program, kind: str) -> None:
    browser, _ = console.signed_in("builder")
    issued = program.signed_in(browser)
    door = f"{console.url}/oauth/revoke"
    refused(httpx2.post(door, data={"token": issued[kind], "client_id": "another"}), "invalid_client")
    refused(httpx2.post(door, data={"client_id": CLIENT}), "invalid_request")
    assert httpx2.post(door, data={"token": "bwr_nobodys", "client_id": CLIENT}).status_code == 200
    assert program.opens(issued["access_token"]) == 200
    for _ in range(2):
        assert httpx2.post(door, data={"token": issued[kind], "client_id": CLIENT}).status_code == 200
    assert program.opens(issued["access_token"]) == 401
    refused(program.refresh(issued["refresh_token"]), "invalid_grant")
    assert events(console, "session.ended") == [("user:builder@example.com", "success", "")]


@pytest.mark.req("ID2")
def test_tokens_remember_the_sign_in_behind_them_and_a_program_may_ask_for_another(
    console: Console, program: Program
) -> None:
    browser = console.browser()
    sign_in(browser, "builder@example.com")
    control = console.company.control
    issued = program.signed_in(browser)
    held = control.identity.authenticate_token(issued["access_token"], audience="api").sign_in
    assert held is not None
    assert not held.second_factor
    asked = program.asks(max_age="600", acr_values="second-factor")
    sent = browser.get(asked)
    assert sent.headers["location"].startswith("/sign-in/start?")
    assert "second_factor=true" in sent.headers["location"]
    assert "max_age=600" in sent.headers["location"]
    back = sign_in(browser, "builder@example.com", sent.headers["location"])
    code = program.answer(browser, back.headers["location"])["code"]
    better = program.refresh(program.redeem(code).json()["refresh_token"]).json()
    held = control.identity.authenticate_token(better["access_token"], audience="api").sign_in
    assert held is not None
    assert held.second_factor
    assert held.age_seconds < 60


@pytest.mark.req("ID2")
def test_what_the_token_endpoint_does_not_understand_is_refused_in_its_own_words(
    console: Console, program: Program
) -> None:
    door = f"{console.url}/oauth/token"
    refused(program.token(grant_type="password", username="a", password="b"), "unsupported_grant_type")
    refused(program.token(), "invalid_request")
    refused(httpx2.post(door, json={"grant_type": "refresh_token"}), "invalid_request")
    refused(httpx2.post(f"{door}?grant_type=refresh_token&client_id={CLIENT}", data={}), "invalid_request")
    refused(program.refresh("x", grant_type=["refresh_token", "password"]), "invalid_request")
    refused(program.refresh("x" * 70_000), "invalid_request")
    assert httpx2.get(door).status_code == 405


@pytest.mark.req("ID2")
def test_the_server_says_what_it_can_do(console: Console) -> None:
    found = httpx2.get(f"{console.url}/.well-known/oauth-authorization-server").json()
    assert found["issuer"] == console.url
    assert found["token_endpoint"] == f"{console.url}/oauth/token"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert set(found["grant_types_supported"]) >= {"authorization_code", "refresh_token"}
    assert found["authorization_response_iss_parameter_supported"] is True


@pytest.mark.req("ID2")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_browser_follows_the_answer_to_the_program(console: Console, open_as: Open, host: str) -> None:
    with waiting(host) as (port, seen):
        page = open_as("builder")
        page.goto(Program(console).asks(redirect_uri=f"http://{host}:{port}/callback"))
        page.click("button:has-text('Yes, let it in')")
        page.wait_for_selector("text=thank you")
    assert "code=bwc_" in seen[0]


@contextmanager
def waiting(host: str) -> Iterator[tuple[int, list[str]]]:
    """Answer one kind of request on a loopback address, and remember what was asked for."""
    seen: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with Server((host.strip("[]"), 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_port, seen
        server.shutdown()
