"""SAML in a browser, the identity provider on another site: sign in, sign in again, sign out from each side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from bailiwick.control.identity import AttributeNames, MetadataFile, Providers, SamlClient, SamlKeys
from bailiwick.control.settings import StepUp
from bailiwick.core.clock import utc_now
from bailiwick.faces.console.sessions import COOKIE
from tests.faces.console.conftest import Console, csrf_token
from tests.fixtures.company import APP
from tests.fixtures.saml_house import LEVEL, relay_state
from tests.fixtures.saml_provider import Form, SamlIdp


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"step_up": (StepUp(actions=("app.kill",), max_age=900, second_factor=True),)}


@pytest.fixture
def saml_console(console: Console, saml_idp: SamlIdp, tmp_path: Path) -> Console:
    """The console of a company whose people sign in by SAML."""
    control = console.company.control
    (tmp_path / "idp.xml").write_bytes(saml_idp.metadata)
    client = SamlClient(
        name="staff",
        domains=frozenset({"example.com"}),
        levels=(LEVEL,),
        base_url=f"{console.url}/sign-in/saml/staff",
        source=MetadataFile(tmp_path / "idp.xml", utc_now),
        keys=SamlKeys.make(utc_now),
        attributes=AttributeNames("email", "name", "groups"),
        clock=utc_now,
    )
    control.identity._providers = control.saml._providers = Providers([client])
    control.saml._identity = control.identity
    saml_idp.know("staff", console.browser().get("/sign-in/saml/staff/metadata").raise_for_status().content)
    return console


@pytest.fixture
def page(browser: Browser, saml_console: Console) -> Iterator[Page]:
    context = browser.new_context(base_url=saml_console.url)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda line: faults.append(line.text) if "policy" in line.text.lower() else None)
    yield opened
    context.close()
    assert faults == []


def at_the_provider(page: Page, who: str) -> None:
    page.fill("input[name=username]", who)
    page.fill("input[name=password]", "right")
    page.click("#submit_button, button[type=submit], #regularsubmit button")


def sign_in(page: Page, who: str, start: str = "/sign-in?return_to=/audit") -> None:
    page.goto(start)
    page.click("a.button:has-text('Sign in')")
    at_the_provider(page, who)


@pytest.mark.req("ID2")
def test_a_person_signs_in_and_out_and_the_provider_ends_its_session_too(page: Page, saml_idp: SamlIdp) -> None:
    sign_in(page, "admin")
    page.wait_for_url("**/audit")
    assert "Admin" in page.inner_text("nav.top")
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/sign-in")
    page.goto("/audit")
    assert "/sign-in?return_to=" in page.url
    page.click("a.button:has-text('Sign in')")
    page.wait_for_selector("input[name=password]")
    assert page.url.startswith(saml_idp.url)


@pytest.mark.req("ID2", "ID3")
def test_a_logout_at_the_provider_passes_through_here_and_ends_the_session(page: Page, saml_idp: SamlIdp) -> None:
    sign_in(page, "admin")
    page.wait_for_url("**/audit")
    page.goto(f"{saml_idp.url}/saml2/idp/SingleLogoutService.php?ReturnTo={quote_plus(saml_idp.url)}")
    assert page.url.startswith(saml_idp.url)
    page.goto("/audit")
    assert "/sign-in?return_to=" in page.url


@pytest.mark.req("ID2", "RT5")
def test_an_action_that_wants_more_asks_the_provider_and_leads_back(page: Page) -> None:
    sign_in(page, "admin", f"/sign-in?return_to=/apps/{APP}")
    page.wait_for_url(f"**/apps/{APP}")
    page.fill("#kill input[name=reason]", "it leaks")
    page.keyboard.press("Enter")
    page.click("a.button:has-text('Sign in again')")
    at_the_provider(page, "admin")
    page.wait_for_url(f"**/apps/{APP}")
    page.fill("#kill input[name=reason]", "it leaks")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=It is stopped everywhere.")


def begin(browser: httpx2.Client) -> str:
    return browser.get("/sign-in/start?return_to=/audit").headers["location"]


def send(browser: httpx2.Client, form: Form) -> httpx2.Response:
    """Send the provider's form as a browser does that keeps Lax cookies from other sites' forms."""
    return httpx2.post(form.action, data=form.fields, headers={"origin": "http://localhost"}, timeout=20)


@pytest.mark.req("ID2")
def test_an_answer_signs_in_only_the_browser_that_began(saml_console: Console, saml_idp: SamlIdp) -> None:
    victim, attacker = saml_console.browser(), saml_console.browser()
    # Somebody else's answer in the victim's browser: they would act as somebody else without knowing.
    brought = send(victim, saml_idp.answer(begin(attacker), "bob"))
    assert brought.status_code == 303
    refused = victim.get(brought.headers["location"])
    assert (refused.status_code, "not begun in this browser" in refused.text) == (401, True)
    assert COOKIE not in victim.cookies
    # The victim's answer to the attacker's sign-in: whoever began it has the cookie, but not the code.
    brought = send(victim, saml_idp.answer(begin(attacker), "ada"))
    assert victim.get(brought.headers["location"]).status_code == 401
    state = httpx2.URL(brought.headers["location"]).params["state"]
    assert attacker.get(f"/sign-in/callback/staff?state={state}&code=guessed").status_code == 401
    assert COOKIE not in attacker.cookies
    # And the way it is meant.
    brought = send(victim, saml_idp.answer(begin(victim), "ada"))
    done = victim.get(brought.headers["location"])
    assert (done.status_code, done.headers["location"]) == (303, "/audit")
    assert victim.get("/").status_code == 200


@pytest.mark.req("ID2")
def test_a_sign_in_from_the_providers_side_is_the_browsers_that_brings_it(
    saml_console: Console, saml_idp: SamlIdp
) -> None:
    entity = quote_plus(f"{saml_console.url}/sign-in/saml/staff/metadata")
    tile = f"{saml_idp.url}/saml2/idp/SSOService.php?spentityid={entity}"
    refused = send(saml_console.browser(), saml_idp.answer(tile, "ada"))
    assert (refused.status_code, "own sign-in page" in refused.text) == (401, True)
    provider = saml_console.company.control.saml._client("staff")
    provider.unasked = True
    browser, other = saml_console.browser(), saml_console.browser()
    form = saml_idp.answer(tile, "ada")
    brought = browser.post(form.action, data=form.fields)
    assert other.get(brought.headers["location"]).status_code == 401
    done = browser.get(brought.headers["location"])
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert browser.get("/").status_code == 200


@pytest.mark.req("ID2")
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/audit", "javascript:alert(1)"])
def test_the_relay_state_leads_nowhere(saml_console: Console, saml_idp: SamlIdp, elsewhere: str) -> None:
    form = saml_idp.answer(begin(saml_console.browser()), "ada")
    form.fields["RelayState"] = elsewhere
    refused = send(saml_console.browser(), form)
    assert (refused.status_code, "location" in refused.headers) == (401, False)
    assert "own sign-in page" in refused.text


BIG = b"SAMLResponse=" + b"A" * 5 * 2**20
ODD_BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 401),
    "5 MB": (BIG, 400),
    "not a form": (b"\xff\xfe\x00", 400),
    "many fields": (b"&".join(b"a=%d" % number for number in range(100)), 400),
    "no message": (b"RelayState=x", 401),
}


@pytest.mark.req("ID2")
@pytest.mark.parametrize(("body", "status"), ODD_BODIES.values(), ids=ODD_BODIES)
@pytest.mark.parametrize("door", ["acs", "slo"])
def test_odd_forms_are_refused_in_words(saml_console: Console, door: str, body: bytes, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx2.post(f"{saml_console.url}/sign-in/saml/staff/{door}", content=body, headers=headers, timeout=20)
    assert answer.status_code == status, answer.text
    assert "<h1>" in answer.text


@pytest.mark.req("ID2")
def test_a_provider_that_is_not_there_is_said_to_be_so(saml_console: Console) -> None:
    for path in ("none/metadata", "staff/other"):
        assert httpx2.get(f"{saml_console.url}/sign-in/saml/{path}").status_code in {401, 404}
    assert httpx2.get(f"{saml_console.url}/sign-in/saml/staff/acs").status_code == 405


@pytest.mark.req("ID2", "ID3")
def test_a_logout_that_nobody_signed_ends_nothing(saml_console: Console, saml_idp: SamlIdp) -> None:
    browser = saml_console.browser()
    brought = send(browser, saml_idp.answer(begin(browser), "ada"))
    browser.get(brought.headers["location"])
    ours = begin(saml_console.browser()).partition("?")[2]
    for query in (ours, ours.partition("&Signature")[0], ""):
        assert browser.get(f"/sign-in/saml/staff/slo?{query}").status_code == 401
    assert browser.get("/").status_code == 200


@pytest.mark.req("ID2")
def test_signing_out_leads_to_the_providers_own_logout_and_nowhere_else(
    saml_console: Console, saml_idp: SamlIdp
) -> None:
    browser = saml_console.browser()
    url = begin(browser)
    assert relay_state(url)
    brought = send(browser, saml_idp.answer(url, "ada"))
    browser.get(brought.headers["location"])
    page = browser.post("/sign-out", data={"csrf_token": csrf_token(browser.get("/").text)})
    assert page.status_code == 200
    assert "You are signed out here" in page.text
    assert page.text.partition('content="0; url=')[2].startswith(f"{saml_idp.url}/saml2/idp/SingleLogoutService.php?")
    assert browser.get("/").status_code == 303
