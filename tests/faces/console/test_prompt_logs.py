"""Prompt logs, the register of telemetry and redaction tried, in a real browser; prompts come from a real gateway."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.model_settings import ModelSettings
from bailiwick.core.passes import SIGN_IN_PATH
from bailiwick.core.principals import Call
from bailiwick.core.prompt_logs import LOG_PATH
from tests.dataplane.gateways.test_model_gateway import ASK, TRACE, gpt
from tests.faces.console.conftest import Console, Open, csrf_token
from tests.faces.console.test_pages import AXE, RULES
from tests.fixtures.company import APP, Company
from tests.fixtures.model_gateway import EVE, ModelHouse, model, model_house
from tests.fixtures.model_server import KEY, ModelServer, model_server

MAIL, WORD = "ada.lovelace@analytical.example.org", "heliotrope"
HOSTILE = "</pre><script>document.title='taken'</script>\u202e"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as made:
        yield made


@pytest.fixture(scope="module")
def house(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelHouse]:
    with model_house(tmp_path_factory.mktemp("plane")) as made:
        yield made


@pytest.fixture
def more_settings(house: ModelHouse) -> dict[str, Any]:
    models = [{"name": "support-model", "wire": "openai-chat", "url": "https://models.example.com/v1", "model": "nova"}]
    return {
        "inference": ModelSettings.model_validate({"gateway": house.url, "models": models}),
        "redaction": {"dictionaries": [{"name": "project", "words": ["Bluebird"]}]},
    }


def opened(house: ModelHouse, server: ModelServer, company: Company) -> None:
    """Have the app call a model that keeps texts for somebody, and one that keeps none."""
    pass_key = company.control.planes.welcome("production").pass_key
    # The gateway's own key for whoever calls, that of the control plane for whoever reads.
    house.welcome.pass_key = house.key.public_text
    house.keys = dict.fromkeys(("support-model", "counted"), KEY)
    house.tell(
        model(url=server.url, logs="redacted", price={"input": 2.0, "output": 10.0}),
        model("counted", url=server.url, logs="metadata"),
        sign_in_url=company.control.planes.desired_state("production").sign_in_url,
    )
    house.calls[TRACE] = Call(EVE, APP, "rel_1", TRACE)
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    client = gpt(house, url=house.app_url, default_headers=headers)
    said: Any = [{"role": "user", "content": f"{WORD} {MAIL} {HOSTILE}"}]
    client.chat.completions.create(model="default", messages=said)
    client.models.list()
    gpt(house).chat.completions.create(model="counted", messages=ASK)
    house.welcome.pass_key = pass_key


@pytest.mark.req("AI2", "OB1")
def test_a_prompt_log_is_opened_with_a_reason_and_read_at_its_plane(
    open_as: Open, console: Console, house: ModelHouse, server: ModelServer
) -> None:
    opened(house, server, console.company)
    page = open_as("security")
    page.goto("/")
    page.click("nav >> text=Models")
    page.click("nav >> text=Prompt logs")
    page.fill("input[name=app]", APP)
    page.fill("input[name=reason]", "case 7")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=is open for you")
    assert "token" not in page.url
    with page.expect_popup() as popup:
        page.keyboard.press("Enter")
    log = popup.value
    log.wait_for_selector("h1")
    assert log.url == f"{house.url}/bailiwick/prompt-log"
    row = log.locator("tbody tr")
    assert (row.count(), "1 email" in row.inner_text(), "user:eve@example.com" in row.inner_text()) == (1, True, True)
    assert log.evaluate("document.documentElement.outerHTML").count(WORD) == 0
    log.evaluate(AXE.read_text())
    assert log.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    log.fill("input[name=text]", "nothing has this")
    log.keyboard.press("Enter")
    log.wait_for_selector("text=No call is kept that is like that")
    log.fill("input[name=text]", WORD.upper())
    log.keyboard.press("Enter")
    log.click("text=Open 1")
    log.wait_for_selector("dl")
    said = log.inner_text("main")
    assert all(words in said for words in (f"{WORD} [EMAIL_1]", "The order was sent.", "0.00054", "1 email", TRACE))
    assert MAIL not in said
    sign_in = console.company.control.planes.desired_state("production").sign_in_url
    log.evaluate(AXE.read_text())
    assert log.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    assert log.title() == f"Call 1 of {APP}"
    assert log.get_attribute("dl a", "href") == f"{sign_in.removesuffix(SIGN_IN_PATH)}/audit?trace={TRACE}"
    # What the audit log has: who opened which log and why, and each reading; not what was looked for.
    read = [event for event in house.events if event.action == "prompt-log.read"]
    assert [event.context for event in read] == [
        {"entries": 1, "texts": 1},
        {"entries": 0, "texts": 0, "searched": 1},
        {"entries": 1, "texts": 1, "searched": 1},
        {"entries": 1, "texts": 1, "number": 1},
    ]
    assert {(event.actor, event.app) for event in read} == {("user:security@example.com", APP)}
    assert WORD not in "".join(event.model_dump_json() for event in read).lower()


@pytest.mark.req("AI2", "OB1")
def test_no_prompt_passes_through_the_console_and_a_log_opens_for_few(
    console: Console, house: ModelHouse, server: ModelServer
) -> None:
    opened(house, server, console.company)
    browser, _ = console.signed_in("security")
    token = csrf_token(browser.get("/prompt-logs").text)
    form = {"csrf_token": token, "app": APP, "reason": "again"}
    answer = browser.post("/prompt-logs", data=form)
    assert f"form-action 'self' {house.url};" in answer.headers["content-security-policy"]
    assert WORD not in answer.text
    assert "form-action 'self';" in browser.get("/models").headers["content-security-policy"]
    builder = console.signed_in("builder")[0]
    form["csrf_token"] = csrf_token(builder.get("/prompt-logs").text)
    assert builder.post("/prompt-logs", data=form).status_code == 403
    for email in ("security", "admin"):
        other = console.signed_in(email)[0]
        assert other.post("/prompt-logs", data={**form, "csrf_token": "x"}).status_code == 403


@pytest.mark.req("AI2")
def test_a_log_is_not_shown_to_a_form_without_its_pass(house: ModelHouse) -> None:
    at = f"{house.url}{LOG_PATH}"
    asks = {"accept": "text/html"}
    for form in ({}, {"app": APP}, {"app": APP, "token": "bwt_eve"}, {"token": "x" * 9000}):
        answer = httpx2.post(at, data=form, headers=asks)
        assert (answer.status_code, "was not opened" in answer.text) == (401, True), form
    assert httpx2.post(at, content=b"a=1&" * 30, headers=asks).status_code == 400
    assert httpx2.post(at, content=b"a" * 40_000, headers=asks).status_code == 413
    assert httpx2.put(at, content=b"a").status_code == 404


@pytest.mark.req("AI3")
def test_a_field_is_switched_where_it_is_listed_and_planes_hear_of_it(open_as: Open, console: Console) -> None:
    control = console.company.control
    page = open_as("security")
    page.goto("/exporters")
    page.click("text=All of them")
    assert "fields leave" in page.inner_text(".glance")
    page.fill("input[name=text]", "plane.job")
    page.keyboard.press("Enter")
    needed = page.locator("tr", has_text="plane.job.status")
    assert "Needed: the control plane cannot read" in needed.inner_text()
    row = page.locator("tr", has=page.locator("th", has_text="plane.job.log_lines"))
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.locator("input[name=reason]").fill("lines stay where they are")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Turned off by user:security@example.com: lines stay where they are")
    assert control.planes.desired_state("editor").reports_without == ("plane.job.log_lines",)
    page.click("summary >> text=Turn on")
    page.fill("td input[name=reason]", "needed after all")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=needed after all")
    assert control.planes.desired_state("editor").reports_without == ()
    auditor = console.signed_in("approver")[0]
    assert auditor.get("/telemetry").status_code == 403


@pytest.mark.req("AI1", "AI2")
def test_redaction_is_tried_on_a_text_that_is_kept_nowhere(open_as: Open, console: Console) -> None:
    page = open_as("security", bypass_csp=True)
    page.goto("/models")
    page.click("nav >> text=Redaction")
    page.fill("textarea", f"Write to {MAIL} about Bluebird.\n{HOSTILE}")
    page.click("text=Look")
    assert page.inner_text(".glance") == "2 values would be taken out: 1 email and 1 project."
    assert "Write to [EMAIL_1] about [PROJECT_1]." in page.inner_text("pre >> nth=0")
    table = page.inner_text("table")
    assert ("an address of mail, by its form" in table, "a value of your own" in table) == (True, True)
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    with console.company.control.store.transaction() as session:
        (event,) = [item.event for item in search(session, AuditQuery(action="redaction.tried")).events]
    length = len(f"Write to {MAIL} about Bluebird.\n{HOSTILE}")
    assert event.context == {
        "profile": "all", "characters": length, "found": 2, "redacted.email": 1, "redacted.project": 1
    }  # fmt: skip
    assert MAIL not in event.model_dump_json()
    assert console.signed_in("builder")[0].get("/redaction").status_code == 403
