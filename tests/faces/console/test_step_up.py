"""Another sign-in where policy demands one, logouts that the identity provider tells, and several providers."""

import re
import time
from copy import copy
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.sync_api import Page

from bailiwick.control.identity import OidcClient, Providers
from bailiwick.control.settings import OidcProvider, StepUp
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, Open, csrf_token, sign_in
from tests.fixtures.company import APP


@pytest.fixture
def more_settings() -> dict[str, Any]:
    rules = (StepUp(actions=("app.kill",), max_age=900, second_factor=True),)
    return {"step_up": rules}


def kill(browser: httpx2.Client, console: Console) -> httpx2.Response:
    page = f"{console.url}/apps/{APP}"
    form = {"csrf_token": csrf_token(browser.get(page).text), "reason": "it leaks"}
    return browser.post(f"/apps/{APP}/kill", data=form, headers={"referer": page})


@pytest.mark.req("ID2", "RT5")
def test_an_action_that_demands_a_second_factor_asks_for_one_and_leads_back(console: Console) -> None:
    browser = console.browser()
    sign_in(browser, "admin@example.com")
    refused = kill(browser, console)
    assert refused.status_code == 401
    assert "This needs a sign-in with a second factor that is at most 15 minutes old" in refused.text
    assert "step-up-1" in refused.text
    assert ("app.killed", "user:admin@example.com") not in console.company.actions()
    onward = unescape(re.findall(r'href="(/sign-in/start[^"]+)"', refused.text)[0])
    wanted = parse_qs(urlsplit(onward).query)
    assert wanted == {
        "return_to": [f"/apps/{APP}"],
        "email": ["admin@example.com"],
        "max_age": ["900"],
        "second_factor": ["true"],
    }
    asked = parse_qs(urlsplit(browser.get(onward).headers["location"]).query)
    assert (asked["max_age"], asked["prompt"], asked["acr_values"]) == (["900"], ["login"], ["second-factor"])
    back = sign_in(browser, "admin@example.com", onward)
    assert (back.status_code, back.headers["location"]) == (303, f"/apps/{APP}")
    assert kill(browser, console).status_code == 303
    assert ("app.killed", "user:admin@example.com") in console.company.actions()


@pytest.mark.req("ID2")
def test_an_app_that_wants_another_sign_in_gets_the_person_back_with_it(console: Console) -> None:
    browser = console.browser()
    sign_in(browser, "user@example.com")
    asked = {"app": APP, "mode": "production", "challenge": "c" * 43, "state": "s1", "second_factor": "true"}
    away = browser.get("/sign-in/app", params=asked)
    onward = away.headers["location"]
    assert (away.status_code, onward.startswith("/sign-in/start?")) == (303, True)
    back = sign_in(browser, "user@example.com", onward)
    return_to = urlsplit(back.headers["location"])
    assert (return_to.path, parse_qs(return_to.query)) == ("/sign-in/app", {k: [v] for k, v in asked.items()})
    handed_over = browser.get(back.headers["location"])
    target = urlsplit(handed_over.headers["location"])
    assert (handed_over.status_code, target.path, parse_qs(target.query)["state"]) == (
        303,
        "/.bailiwick/callback",
        ["s1"],
    )


@pytest.mark.req("ID2")
def test_the_way_back_never_leads_elsewhere(console: Console) -> None:
    browser = console.browser()
    sign_in(browser, "admin@example.com")
    token = csrf_token(browser.get(f"/apps/{APP}").text)
    for referer in ("https://evil.example/x", f"{console.url}.evil.example/", f"{console.url}//evil.example", ""):
        form = {"csrf_token": token, "reason": "it leaks"}
        refused = browser.post(f"/apps/{APP}/kill", data=form, headers={"referer": referer})
        onward = unescape(re.findall(r'href="(/sign-in/start[^"]+)"', refused.text)[0])
        assert parse_qs(urlsplit(onward).query)["return_to"] == ["/"], referer


@pytest.mark.req("ID2")
def test_the_api_says_what_sign_in_it_wants(console: Console) -> None:
    browser = console.browser()
    sign_in(browser, "admin@example.com")
    control = console.company.control
    owner = control.identity.authenticate_session(browser.cookies["bailiwick_session"])
    issued = control.identity.issue_token(
        owner.identity, audience="api", lifetime=timedelta(hours=1), purpose="command line"
    )
    answer = httpx2.post(
        f"{console.url}/api/v1/kill/{APP}",
        json={"reason": "it leaks"},
        headers={"authorization": f"Bearer {issued.secret}"},
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == "policy.step-up-needed"
    assert answer.json()["deciders"] == ["step-up-1"]
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="insufficient_user_authentication"')
    assert "max_age=900" in challenge


@pytest.mark.req("ID2")
def test_who_may_not_do_it_at_all_is_not_sent_to_sign_in(console: Console) -> None:
    browser = console.browser()
    sign_in(browser, "builder@example.com")
    token = csrf_token(browser.get(f"/apps/{APP}").text)
    refused = browser.post(f"/apps/{APP}/kill", data={"csrf_token": token, "reason": "it leaks"})
    assert refused.status_code == 403
    assert "/sign-in/start" not in refused.text


def logout_token(console: Console, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": console.addresses.provider,
        "aud": "bailiwick",
        "iat": now,
        "exp": now + 60,
        "jti": f"logout-{time.time_ns()}",
        "sub": "admin@example.com",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    key = RSAKey.import_key(console.addresses.provider_key.read_bytes())
    return jwt.encode({"alg": "RS256", "kid": "demo", "typ": "logout+jwt"}, {**claims, **changes}, key)


@pytest.mark.req("ID2", "ID3")
def test_a_logout_at_the_provider_ends_the_browsers_session_here(console: Console) -> None:
    browser, other = console.browser(), console.browser()
    sign_in(browser, "admin@example.com")
    sign_in(other, "builder@example.com")
    assert browser.get("/").status_code == 200
    door = f"{console.url}/sign-in/logout"
    for bad in ({}, {"logout_token": "x"}, {"logout_token": logout_token(console, aud="another")}):
        refused = httpx2.post(door, data=bad)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert browser.get("/").status_code == 200
    told = logout_token(console)
    assert httpx2.post(door, data={"logout_token": told}).status_code == 200
    assert browser.get("/").status_code == 303
    assert other.get("/").status_code == 200
    assert httpx2.post(door, data={"logout_token": told}).status_code == 400


@pytest.mark.req("ID2")
def test_a_person_signs_in_again_in_a_browser_and_goes_on(open_as: Open, console: Console) -> None:
    page: Page = open_as("admin")
    page.goto(f"/apps/{APP}")
    page.fill("#kill input[name=reason]", "it leaks")
    page.keyboard.press("Enter")
    page.click("a.button:has-text('Sign in again')")
    page.click("text=admin@example.com")
    page.wait_for_url(f"**/apps/{APP}")
    page.fill("#kill input[name=reason]", "it leaks")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It is stopped everywhere.")


@pytest.mark.parametrize("wrong", [{}, {"max_age": 10}, {"actions": ()}, {"max_age": 900, "mfa": True}])
def test_a_step_up_that_says_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"step|actions|max_age|mfa|say"):
        StepUp(**{"actions": ("app.kill",), **wrong})


def test_a_provider_without_a_usable_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        OidcProvider(name="../x", issuer="https://idp", client_id="bailiwick")


@pytest.fixture
def two_providers(console: Console) -> Console:
    """The console of a company with a second provider, for another domain."""
    own = OidcClient(
        issuer=console.addresses.provider,
        client_id="bailiwick",
        client_secret=None,
        scopes=("openid",),
        redirect_uri=f"{console.url}/sign-in/callback/own",
        clock=utc_now,
        name="own",
        domains=frozenset({"example.com"}),
    )
    control = console.company.control
    control.identity._providers = Providers([own, replace_client(own, "partner", "partner.example")])
    return console


def replace_client(client: OidcClient, name: str, domain: str) -> OidcClient:
    other = copy(client)
    other.name, other.domains = name, frozenset({domain})
    return other


@pytest.mark.req("ID2")
def test_with_several_providers_the_address_says_who_is_asked(two_providers: Console, open_as: Open) -> None:
    page = open_as("nobody")
    page.context.clear_cookies()
    page.goto("/sign-in?return_to=/audit")
    page.fill("input[name=email]", "user@example.com")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=As user@example.com")
    with page.expect_request(lambda request: request.url.startswith(two_providers.addresses.provider)) as sent:
        page.click("a.button:has-text('Sign in')")
    asked = parse_qs(urlsplit(sent.value.url).query)
    assert asked["redirect_uri"] == [f"{two_providers.url}/sign-in/callback/own"]
    assert asked["login_hint"] == ["user@example.com"]
    page.goto("/sign-in?email=someone@elsewhere.example")
    page.click("a.button:has-text('Sign in')")
    assert "No identity provider here speaks for this e-mail domain" in page.inner_text("main")
