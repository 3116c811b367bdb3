"""Programs without a browser: codes that people type, answers that programs wait for, and guesses."""

import subprocess
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select, update

from bailiwick.control.identity.tables import DeviceRow, WrongUserCodeRow
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, sign_in
from tests.faces.console.program import CLIENT, Program
from tests.faces.console.test_command_line import CommandLine
from tests.faces.console.test_oauth import events, refused

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Device:
    """A program that shows a code and asks whether somebody answered."""

    def __init__(self, console: Console, **form: str | list[str]) -> None:
        self.program = Program(console)
        self.console = console
        answer = httpx2.post(f"{console.url}/oauth/device_authorization", data={"client_id": CLIENT, **form})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        self.given = answer.json()
        self.user_code = str(self.given["user_code"])

    def fetch(self, **changes: str) -> httpx2.Response:
        return self.program.token(**{"grant_type": GRANT, "device_code": self.given["device_code"], **changes})

    def later(self) -> None:
        """Let the pause that the server wants pass."""
        with self.console.company.control.store.transaction() as session:
            session.execute(update(DeviceRow).values(polled=utc_now() - timedelta(minutes=1)))


def type_code(console: Console, who: str, code: str) -> httpx2.Response:
    browser, session = console.signed_in(who)
    return browser.post("/device", data={"csrf_token": session.csrf_token, "user_code": code})


def answer(console: Console, who: str, code: str, says: str = "yes") -> httpx2.Response:
    browser, session = console.signed_in(who)
    form = {"csrf_token": session.csrf_token, "user_code": code, "answer": says}
    return browser.post("/device/answer", data=form)


@pytest.mark.req("ID2")
def test_a_program_is_let_in_by_a_person_with_another_browser(console: Console) -> None:
    device = Device(console)
    assert device.given["verification_uri"] == f"{console.url}/device"
    assert (device.given["interval"], device.given["expires_in"]) == (5, 600)
    assert len(device.user_code.replace("-", "")) == 8
    refused(device.fetch(), "authorization_pending")
    browser, _ = console.signed_in("builder")
    assert f'value="{device.user_code}"' in browser.get(device.given["verification_uri_complete"]).text
    page = unescape(type_code(console, "builder", device.user_code.lower().replace("-", " ")).text)
    for words in ("bailiwick-cli", "user:builder@example.com", "127.0.0.1", utc_now().strftime("%Y-%m-%d")):
        assert words in page
    refused(device.fetch(), "slow_down")  # and a look is no answer
    assert "is let in" in answer(console, "builder", device.user_code).text
    issued = device.fetch().json()
    assert device.program.opens(issued["access_token"]) == 200
    assert device.program.refresh(issued["refresh_token"]).status_code == 200


@pytest.mark.req("ID2")
def test_a_program_that_asks_too_often_is_slowed_down(console: Console) -> None:
    device = Device(console)
    refused(device.fetch(), "authorization_pending")
    for _ in range(2):
        refused(device.fetch(), "slow_down")
    with console.company.control.store.transaction() as session:
        assert session.scalar(select(DeviceRow.interval_seconds)) == 15
    device.later()
    refused(device.fetch(), "authorization_pending")


@pytest.mark.req("ID2")
def test_a_no_and_a_code_that_ran_out_are_told(console: Console) -> None:
    device, late = Device(console), Device(console)
    assert "is not let in" in answer(console, "builder", device.user_code, "no").text
    for _ in range(2):
        refused(device.fetch(), "access_denied")
    with console.company.control.store.transaction() as session:
        session.execute(update(DeviceRow).values(expires=utc_now()))
    refused(late.fetch(), "expired_token")
    assert answer(console, "builder", late.user_code).status_code == 404


@pytest.mark.req("ID2")
def test_tokens_are_fetched_once_and_a_second_fetch_kills_them(console: Console) -> None:
    device = Device(console)
    answer(console, "builder", device.user_code)
    refused(device.fetch(client_id="another"), "invalid_client")
    refused(device.fetch(device_code="bwd_forged"), "invalid_grant")
    refused(device.fetch(resource="https://evil.example"), "invalid_target")
    issued = device.fetch().json()
    refused(device.fetch(), "invalid_grant")
    assert device.program.opens(issued["access_token"]) == 401
    assert events(console, "code.reused")[0][1] == "refused"


@pytest.mark.req("ID2")
def test_an_answer_is_given_once_and_only_by_a_form_of_ours(console: Console) -> None:
    device = Device(console)
    browser, session = console.signed_in("builder")
    for path in ("/device", "/device/answer"):
        form = {"user_code": device.user_code, "answer": "yes"}
        assert browser.post(path, data=form).status_code == 403
        forged = {**form, "csrf_token": session.csrf_token}
        assert browser.post(path, data=forged, headers={"origin": "https://evil.example"}).status_code == 403
    assert console.browser().get("/device").headers["location"].startswith("/sign-in")
    refused(device.fetch(), "authorization_pending")
    assert answer(console, "builder", device.user_code).status_code == 200
    assert answer(console, "admin", device.user_code).status_code == 404


@pytest.mark.req("ID2")
def test_whoever_guesses_codes_must_wait_and_nobody_else_does(console: Console) -> None:
    device = Device(console)
    guesses = [type_code(console, "builder", guess) for guess in ("BBBB-BBBB", "-", "x", device.user_code[:-1], "é")]
    assert [guess.status_code for guess in guesses] == [404] * 5
    stopped = type_code(console, "builder", device.user_code)
    assert (stopped.status_code, "Wait for ten minutes" in stopped.text) == (429, True)
    assert answer(console, "builder", device.user_code).status_code == 429
    assert type_code(console, "admin", device.user_code).status_code == 200
    with console.company.control.store.transaction() as session:
        assert session.scalar(select(func.count()).select_from(WrongUserCodeRow)) == 5
        session.execute(update(WrongUserCodeRow).values(time=WrongUserCodeRow.time - timedelta(minutes=10)))
    assert type_code(console, "builder", device.user_code).status_code == 200


@pytest.mark.req("ID2")
def test_one_address_may_not_fill_the_table(console: Console) -> None:
    for _ in range(50):
        Device(console)
    more = httpx2.post(f"{console.url}/oauth/device_authorization", data={"client_id": CLIENT})
    assert (more.status_code, more.json()["error"]) == (429, "slow_down")


@pytest.mark.req("ID2")
def test_a_device_may_want_a_second_factor_and_the_yes_of_one_who_left_is_worth_nothing(console: Console) -> None:
    device = Device(console, acr_values="second-factor")
    for sent in (type_code(console, "builder", device.user_code), answer(console, "builder", device.user_code)):
        assert sent.status_code == 303
        assert "second_factor=true" in sent.headers["location"]
    browser = console.browser()
    back = sign_in(browser, "builder@example.com", sent.headers["location"])
    page = browser.get(back.headers["location"])
    token = unescape(page.text.partition('name="csrf_token" value="')[2].partition('"')[0])
    form = {"csrf_token": token, "user_code": device.user_code, "answer": "yes"}
    assert browser.post("/device/answer", data=form).status_code == 200
    control = console.company.control
    control.identity.revoke_principal(console.company.people["admin"], "user:builder@example.com", "left")
    refused(device.fetch(), "invalid_grant")


@pytest.mark.req("ID2")
def test_the_command_line_signs_in_by_a_code(console: Console, tmp_path: Path) -> None:
    line = CommandLine(console, tmp_path / "credentials.json")
    process: subprocess.Popen[str] = line.begin("--device")
    assert process.stdout is not None
    shown = [process.stdout.readline().strip() for _ in range(3)]
    assert shown[1] == f"{console.url}/device"
    assert "is let in" in answer(console, "builder", shown[2]).text
    assert "You are user:builder@example.com" in process.communicate(timeout=40)[0]
    assert "finance/desk" in line.run("app", "list").stdout
