"""Browser sessions and programs as their person sees them: how long they live, and how one or all of them end."""

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page
from sqlalchemy import func, select, update

from bailiwick.control.identity.tables import (
    AuthorizationCodeRow,
    CodeRow,
    DeviceRow,
    FamilyRow,
    RefreshTokenRow,
    SessionRow,
    TokenRow,
    WrongUserCodeRow,
)
from bailiwick.core.clock import utc_now
from tests.faces.console.conftest import Console, Open, csrf_token, sign_in
from tests.faces.console.program import Program
from tests.faces.console.test_command_line import CommandLine
from tests.faces.console.test_device import Device, answer, type_code
from tests.faces.console.test_oauth import events

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def age(console: Console, **values: object) -> None:
    with console.company.control.store.transaction() as session:
        session.execute(update(SessionRow).values(**values))


def last_seen(console: Console) -> float:
    with console.company.control.store.transaction() as session:
        return session.scalars(select(SessionRow.last_seen)).one().timestamp()


@pytest.mark.req("ID2")
def test_a_session_that_nobody_used_for_half_an_hour_has_ended(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    age(console, last_seen=utc_now() - timedelta(minutes=29))
    assert browser.get("/").status_code == 200
    assert utc_now().timestamp() - last_seen(console) < 60  # using it keeps it
    age(console, last_seen=utc_now() - timedelta(minutes=30, seconds=1))
    sent = browser.get("/")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?return_to=%2F")


@pytest.mark.req("ID2")
def test_a_session_ends_after_twelve_hours_however_much_it_is_used(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    age(console, created=utc_now() - timedelta(hours=11, minutes=59))
    assert browser.get("/").status_code == 200
    age(console, created=utc_now() - timedelta(hours=12, seconds=1), last_seen=utc_now())
    assert browser.get("/").status_code == 303


@pytest.mark.req("ID2")
def test_people_see_what_acts_for_them_and_nothing_of_others(console: Console) -> None:
    browser = console.browser()
    browser.headers["user-agent"] = FIREFOX
    sign_in(browser, "builder@example.com")
    Program(console).signed_in(browser)
    console.signed_in("admin")
    page = browser.get("/sessions").text
    assert "1 browser and 1 program act as you now" in page
    for words in ("Firefox on Linux", "this one", "The Bailiwick command line", "127.0.0.1"):
        assert words in page
    assert len(re.findall(r'action="/sessions/(?:ses|fam)_', page)) == 2


@pytest.mark.req("ID2")
def test_one_session_is_ended_and_the_others_go_on(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    other, lost = console.signed_in("builder")
    program = Program(console)
    kept, stolen = program.signed_in(browser), program.signed_in(other)
    token = csrf_token(browser.get("/sessions").text)
    family = re.findall(r'action="/sessions/(fam_\w+)/end"', browser.get("/sessions").text)[0]  # the newest
    for ended in (lost.session_id, family):
        assert browser.post(f"/sessions/{ended}/end", data={"csrf_token": token}).status_code == 303
        assert browser.post(f"/sessions/{ended}/end", data={"csrf_token": token}).status_code == 404
    assert other.get("/").status_code == 303
    assert program.opens(stolen["access_token"]) == 401
    assert program.refresh(stolen["refresh_token"]).status_code == 400
    assert browser.get("/").status_code == 200
    assert program.opens(kept["access_token"]) == 200
    assert len(events(console, "session.ended")) == 2


@pytest.mark.req("ID1", "ID2")
def test_nobody_ends_the_sessions_of_others(console: Console) -> None:
    browser, session = console.signed_in("builder")
    issued = Program(console).signed_in(browser)
    with console.company.control.store.transaction() as database:
        family = database.scalars(select(FamilyRow.id)).one()
    intruder, own = console.signed_in("admin")
    for ended in (session.session_id, family):
        form = {"csrf_token": own.csrf_token}
        assert intruder.post(f"/sessions/{ended}/end", data=form).status_code == 404
    for path in (f"/sessions/{family}/end", "/sessions/end-all"):
        assert browser.post(path, data={}).status_code == 403
    assert Program(console).opens(issued["access_token"]) == 200
    assert browser.get("/").status_code == 200


@pytest.mark.req("ID2", "ID3")
def test_ending_everything_ends_this_session_too(console: Console) -> None:
    browser, session = console.signed_in("builder")
    other, _ = console.signed_in("builder")
    stranger, _ = console.signed_in("admin")
    program = Program(console)
    issued = program.signed_in(browser)
    code = program.answer(browser)["code"]
    ended = browser.post("/sessions/end-all", data={"csrf_token": session.csrf_token})
    assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in")
    assert [item.get("/").status_code for item in (browser, other, stranger)] == [303, 303, 200]
    assert program.opens(issued["access_token"]) == 401
    assert program.redeem(code).status_code == 400
    assert events(console, "principal.revoked")[0][0] == "user:builder@example.com"
    again = console.browser()
    sign_in(again, "user@example.com")
    assert "1 browser and 0 programs" in again.get("/sessions").text


@pytest.mark.req("ID2")
def test_what_has_ended_is_not_shown(console: Console) -> None:
    browser, _ = console.signed_in("builder")
    issued = Program(console).signed_in(browser)
    Program(console).signed_in(browser)
    httpx2.post(f"{console.url}/oauth/revoke", data={"client_id": "bailiwick-cli", "token": issued["access_token"]})
    assert "1 program" in browser.get("/sessions").text
    with console.company.control.store.transaction() as session:
        session.execute(update(FamilyRow).values(last_used=utc_now() - timedelta(days=7)))
    assert "0 programs" in browser.get("/sessions").text


@pytest.mark.req("ID2")
def test_the_command_line_lists_and_ends_sessions(console: Console, tmp_path: Path) -> None:
    line = CommandLine(console, tmp_path / "credentials.json")
    line.login("builder")
    listed = line.run("session", "list").stdout
    browser = re.findall(r"ses_\w+", listed)[0]
    assert "The Bailiwick command line" in listed
    assert line.run("session", "end", browser).returncode == 0
    assert browser not in line.run("session", "list", "--json").stdout
    missing = line.run("session", "end", browser)
    assert (missing.returncode, "session list" in missing.stderr) == (1, True)
    assert line.run("session", "end").returncode == 1
    assert line.run("session", "end", "--all").returncode == 0
    assert line.run("session", "list").returncode == 1


@pytest.mark.req("ID2")
def test_what_ran_out_is_forgotten_and_what_lives_is_kept(console: Console) -> None:
    control = console.company.control
    kinds = (
        SessionRow,
        FamilyRow,
        RefreshTokenRow,
        TokenRow,
        AuthorizationCodeRow,
        CodeRow,
        DeviceRow,
        WrongUserCodeRow,
    )

    def left() -> list[int]:
        with control.store.transaction() as session:
            return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]

    browser, session = console.signed_in("builder")
    program = Program(console)
    living = program.signed_in(browser)
    control.identity.issue_code(control.identity.authenticate_session(session.secret), audience="app:x", challenge="c")
    device = Device(console)
    answer(console, "builder", device.user_code)
    type_code(console, "builder", "BBBB-BBBB")
    before = left()
    control.sessions.forget_ended()
    assert left() == before
    with control.store.transaction() as database:
        past = utc_now() - timedelta(days=9)
        for row, values in (
            (SessionRow, {"last_seen": past}),
            (FamilyRow, {"ended": past}),
            (AuthorizationCodeRow, {"expires": past}),
            (CodeRow, {"expires": past}),
            (DeviceRow, {"expires": past}),
            (WrongUserCodeRow, {"time": past}),
        ):
            database.execute(update(row).values(**values))
    control.sessions.forget_ended()
    assert left() == [0] * len(kinds)
    assert program.opens(living["access_token"]) == 401


@pytest.mark.req("ID2")
def test_the_page_ends_a_session_with_a_click(open_as: Open, console: Console) -> None:
    page: Page = open_as("builder")
    other, _ = console.signed_in("builder")
    page.goto("/")
    page.click("a.who")
    page.wait_for_selector("h1:has-text('Your sessions')")
    row = page.locator("tr", has=page.locator("th:not(:has-text('this one'))")).filter(has=page.locator("button"))
    row.locator("button").click()
    page.wait_for_selector("text=1 browser and 0 programs")
    assert other.get("/").status_code == 303
