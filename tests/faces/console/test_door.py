"""The console's door: forms from elsewhere, sign-ins begun elsewhere, ways out, headers and errors."""

import logging
import re
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from fastapi.routing import APIRoute

from bailiwick.control.listings import ListingService
from bailiwick.faces.console import build_console
from bailiwick.faces.console.sessions import ATTEMPT_COOKIE, COOKIE, own_path
from tests.faces.console.conftest import Console, csrf_token, provider_answer, sign_in
from tests.faces.console.estate import AUTHORIZE
from tests.fixtures.company import APP

ELSEWHERE = ("//evil", "/\\evil", "\\\\evil", "https:evil", "https://evil", "javascript:alert(1)", "evil", "",
             "/a\r\nb", "/\t/evil", "/a\x00", "/\x85/evil")  # fmt: skip


def apps_made(console: Console) -> list[str]:
    return [actor for action, actor in console.company.actions() if action == "app.created"]


@pytest.mark.req("ID1")
def test_a_form_with_the_sessions_token_is_done(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    token = csrf_token(browser.get("/").text)
    for origin in ({}, {"Origin": console.url}):
        path = f"finance/made{len(origin)}"
        done = browser.post("/apps", data={"csrf_token": token, "path": path}, headers=origin)
        assert (done.status_code, done.headers["location"]) == (303, f"/apps/{path}")


@pytest.mark.req("ID1")
@pytest.mark.parametrize("kind", ["missing", "wrong", "somebody else's", "an earlier session's", "not text"])
def test_a_form_without_the_sessions_own_token_changes_nothing(console: Console, kind: str) -> None:
    browser, session = console.signed_in("builder")
    tokens = {
        "missing": None,
        "wrong": "x" * len(session.csrf_token),
        "somebody else's": console.signed_in("admin")[1].csrf_token,
        "an earlier session's": console.signed_in("builder")[1].csrf_token,
        "not text": "é\x00",
    }
    form = {"path": "finance/forged"} | ({"csrf_token": tokens[kind]} if tokens[kind] is not None else {})
    refused = browser.post("/apps", data=form)
    assert refused.status_code == 403
    assert "not from your session" in refused.text
    assert "load the page again" in refused.text
    assert len(apps_made(console)) == 1


@pytest.mark.req("ID1")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "{console}.evil", "{console}/"])
def test_a_form_of_another_origin_changes_nothing_even_with_the_token(console: Console, origin: str) -> None:
    browser, session = console.signed_in("builder")
    form = {"csrf_token": session.csrf_token, "path": "finance/forged"}
    refused = browser.post("/apps", data=form, headers={"Origin": origin.format(console=console.url)})
    assert refused.status_code == 403
    assert "another site" in refused.text
    assert len(apps_made(console)) == 1


# What identity providers send, signed by them: there is no session yet, or it is to end. And what is decided by a link
# alone, whose token is in the address.
THEIRS = ("/sign-in/logout", "/sign-in/saml", "/decide/{token}/unsigned/")


@pytest.mark.req("ID1")
def test_every_form_of_the_console_asks_for_the_token(console: Console) -> None:
    browser, _ = console.signed_in("admin")
    app = build_console(console.company.control)
    forms = [
        route.path
        for route in app.routes
        if isinstance(route, APIRoute) and not route.methods <= {"GET", "HEAD"} and not route.path.startswith(THEIRS)
    ]
    assert {"/apps", "/sign-out", "/oauth/authorize", "/device/answer", "/sessions/end-all"} <= set(forms)
    for path in forms:
        refused = browser.post(re.sub(r"{[^}]+}", "x", path), data={"reason": "x"})
        assert (refused.status_code, "not from your session" in refused.text) == (403, True), path


@pytest.mark.req("ID2")
def test_a_person_signs_in_and_lands_where_they_wanted(console: Console) -> None:
    browser = console.browser()
    sent = browser.get("/audit?actor=a&text=b c")
    assert sent.status_code == 303
    page = browser.get(sent.headers["location"])
    start = re.findall(r'href="(/sign-in/start[^"]+)"', page.text)[0]
    landed = sign_in(browser, "auditor@example.com", start.replace("&amp;", "&"))
    assert (landed.status_code, landed.headers["location"]) == (303, "/audit?actor=a&text=b%20c")
    assert "Aldo Brandt" in browser.get("/").text


@pytest.mark.req("ID2")
def test_a_sign_in_begun_in_another_browser_is_refused(console: Console) -> None:
    attacker, victim = console.browser(), console.browser()
    link = provider_answer(attacker, "user@example.com")
    provider_answer(victim, "admin@example.com")  # begun too, so the browser has a cookie, but another state
    for browser in (victim, console.browser()):
        refused = browser.get(link)
        assert refused.status_code == 401
        assert COOKIE not in browser.cookies
        assert "not begun in this browser" in refused.text
        assert 'href="/sign-in"' in refused.text
    assert attacker.get(link).status_code == 303  # and it was not spent by those who could not use it


@pytest.mark.req("ID2")
def test_a_sign_in_is_taken_once(console: Console) -> None:
    browser = console.browser()
    link = provider_answer(browser, "user@example.com")
    kept = browser.cookies[ATTEMPT_COOKIE]
    assert browser.get(link).status_code == 303
    assert ATTEMPT_COOKIE not in browser.cookies
    again = httpx2.get(link, cookies={ATTEMPT_COOKIE: kept})
    assert again.status_code == 401
    assert "set-cookie" not in again.headers


@pytest.mark.req("ID2")
def test_a_session_set_before_the_sign_in_is_not_adopted(console: Console) -> None:
    browser = console.browser()
    browser.cookies.set(COOKIE, "bws_chosen-by-somebody-else", domain="127.0.0.1")
    made = sign_in(browser, "user@example.com")
    secret = re.findall(rf"{COOKIE}=([^;]+)", made.headers["set-cookie"])[0]
    assert secret != "bws_chosen-by-somebody-else"
    refused = console.browser()
    refused.cookies.set(COOKIE, "bws_chosen-by-somebody-else")
    assert refused.get("/").status_code == 303


@pytest.mark.req("ID2")
def test_signing_in_again_ends_the_session_before(console: Console) -> None:
    browser, earlier = console.signed_in("builder")
    made = sign_in(browser, "user@example.com")
    assert earlier.secret not in made.headers["set-cookie"]
    assert console.browser(earlier).get("/").headers["location"].startswith("/sign-in")


@pytest.mark.req("ID2")
def test_signing_out_ends_the_session_for_whoever_kept_its_cookie(console: Console) -> None:
    browser, session = console.signed_in("builder")
    assert browser.post("/sign-out", data={"csrf_token": session.csrf_token}).headers["location"] == "/sign-in"
    assert console.browser(session).get("/").status_code == 303


@pytest.mark.req("ID2")
def test_what_the_identity_provider_says_instead_of_a_code_ends_on_a_page(console: Console) -> None:
    browser = console.browser()
    state = parse_qs(urlsplit(browser.get("/sign-in/start").headers["location"]).query)["state"][0]
    refused = browser.get("/sign-in/callback", params={"state": state, "error": "access_denied<script>"})
    assert refused.status_code == 401
    assert "did not sign you in" in refused.text
    assert "<script>" not in refused.text.replace('<script type="module"', "")


@pytest.mark.req("ID2")
@pytest.mark.parametrize("path", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_signing_in(console: Console, path: str) -> None:
    browser = console.browser()
    landed = sign_in(browser, "user@example.com", f"/sign-in/start?return_to={quote(path, safe='')}")
    assert landed.headers["location"] == "/"
    assert 'href="/sign-in/start?return_to=%2F"' in browser.get(f"/sign-in?return_to={quote(path, safe='')}").text


def test_a_path_of_ours_is_kept_as_it_is() -> None:
    for path in ("/", "/apps/finance/desk#kill", "/audit?text=//evil&actor=a%0d%0ab", "/a/%2F%2Fevil"):
        assert own_path(path) == path
    assert own_path("/%2Fevil") == "/%2Fevil"


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(console: Console) -> None:
    browser = console.browser()
    begun = browser.get("/sign-in/start").headers["set-cookie"]
    assert re.fullmatch(rf"{ATTEMPT_COOKIE}=[\w-]+; HttpOnly; Max-Age=600; Path=/sign-in; SameSite=lax", begun)
    made = sign_in(browser, "user@example.com").headers.get_list("set-cookie")
    session = next(cookie for cookie in made if cookie.startswith(COOKIE))
    assert re.fullmatch(rf"{COOKIE}=bws_[\w-]+; HttpOnly; Max-Age=43200; Path=/; SameSite=lax", session)


@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/no/such/page", "/static/console.css", "/apps/no/such", "/device", "/sessions", AUTHORIZE],
)
def test_every_answer_forbids_frames_scripts_of_others_and_guessing_of_types(console: Console, path: str) -> None:
    answer = console.signed_in("admin")[0].get(path)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.headers.get("cache-control") == "no-store") is (not path.startswith("/static/"))


@pytest.mark.req("ID1")
def test_an_app_that_one_may_not_see_looks_as_if_there_were_none(console: Console) -> None:
    company = console.company
    company.push("builder")
    deploy = company.control.deploys.request(company.people["builder"], APP)
    with company.control.store.transaction() as session:
        review = company.control.reviews.latest(session, APP)
    assert review is not None
    browser, _ = console.signed_in("nobody")
    for seen, none in (
        (f"/apps/{APP}", "/apps/finance/nothing"),
        (f"/approvals/{deploy.id}", "/approvals/dep_nothing"),
        (f"/reviews/{review.id}", "/reviews/rev_nothing"),
    ):
        answers = [browser.get(path) for path in (seen, none)]
        assert [answer.status_code for answer in answers] == [404, 404]
        texts = [
            answer.text.replace(path.rpartition("/")[2], "…")
            for answer, path in zip(answers, (seen, none), strict=True)
        ]
        assert texts[0] == texts[1]


def test_what_is_wrong_with_a_form_is_said_on_a_page(console: Console) -> None:
    browser, session = console.signed_in("builder")
    for form, status, words in (
        ({}, 400, "path"),
        ({"path": "No Such<b>"}, 400, "cannot name a folder or an app"),
        ({"path": APP}, 409, "is there already"),
    ):
        answer = browser.post("/apps", data={"csrf_token": session.csrf_token, **form})
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert words in answer.text
        assert "What to do" in answer.text
        assert "<b>" not in answer.text
    assert browser.get("/audit").status_code == 403
    missing = browser.get("/no/such/page")
    assert (missing.status_code, "What to do" in missing.text) == (404, True)


def test_a_fault_of_ours_is_logged_under_the_trace_that_the_page_shows(
    console: Console, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the row 4111111111111111 is broken")

    monkeypatch.setattr(ListingService, "counts", broken)
    browser, _ = console.signed_in("admin")
    with caplog.at_level(logging.ERROR, "bailiwick.console"):
        answer = browser.get("/")
    assert answer.status_code == 500
    assert "4111" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    trace = re.findall(r"<code>([0-9a-f]{32})</code>", answer.text)[0]
    logged = next(record for record in caplog.records if trace in record.getMessage())
    assert logged.exc_info is not None
    assert "is broken" in str(logged.exc_info[1])
