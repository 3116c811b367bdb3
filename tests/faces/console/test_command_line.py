"""The real command line against a real server: signing in, staying so, and leaving."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from bailiwick.control.audit import AuditQuery, search
from tests.faces.console.conftest import Console, csrf_token, sign_in
from tests.faces.console.program import Program

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")


@dataclass
class CommandLine:
    """`bailiwick` as one person runs it, with a home of its own."""

    console: Console
    kept: Path

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BAILIWICK_")}
        return clean | {"BAILIWICK_URL": self.console.url, "BAILIWICK_CREDENTIALS": str(self.kept)}

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BAILIWICK, *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [BAILIWICK, "login", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def login(self, who: str, *, says: str = "yes", **changes: str) -> str:
        """Sign in with a browser that follows the address printed, and clicks; return what was printed last."""
        process = self.begin("--no-browser")
        address = address_in(process).replace(self.console.url, "")
        browser, session = self.console.signed_in(who)
        page = browser.get(address)
        assert "act as you?" in page.text
        form = {"csrf_token": session.csrf_token, "asked": address.partition("?")[2], "answer": says}
        sent = browser.post("/oauth/authorize", data=form).headers["refresh"].removeprefix("0; url=")
        for before, after in changes.items():
            sent = sent.replace(before, after)
        assert httpx2.get(sent.replace("/callback", "/favicon.ico")).status_code == 404
        assert httpx2.get(sent).status_code == 200
        return process.communicate(timeout=30)[0]

    def content(self) -> dict[str, object]:
        return dict(json.loads(self.kept.read_text()))


def address_in(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return next(line.strip() for line in process.stdout if "/oauth/authorize?" in line)


def expire(line: CommandLine) -> None:
    """Make what is kept look as if its access tokens had run out."""
    content = line.content()
    content["access"] = {}
    line.kept.write_text(json.dumps(content))


@pytest.fixture
def line(console: Console, tmp_path: Path) -> Iterator[CommandLine]:
    return CommandLine(console, tmp_path / "config" / "credentials.json")


def actions(console: Console, action: str) -> int:
    with console.company.control.store.transaction() as session:
        return len(search(session, AuditQuery(action=action)).events)


@pytest.mark.req("ID2")
def test_the_command_line_signs_in_stays_so_and_leaves(line: CommandLine) -> None:
    assert "You are user:builder@example.com" in line.login("builder")
    assert line.kept.stat().st_mode & 0o777 == 0o600
    assert line.kept.parent.stat().st_mode & 0o777 == 0o700
    first = line.content()
    assert "finance/desk" in line.run("app", "list").stdout
    assert line.content() == first  # a token that is still good is used again
    expire(line)
    assert "finance/desk" in line.run("app", "list").stdout
    second = line.content()
    assert second["refresh_token"] != first["refresh_token"]
    assert line.kept.stat().st_mode & 0o777 == 0o600
    assert "signed out" in line.run("logout").stdout
    assert not line.kept.exists()
    program = Program(line.console)
    assert program.refresh(str(second["refresh_token"])).status_code == 400
    gone = line.run("app", "list")
    assert (gone.returncode, "bailiwick login" in gone.stderr) == (1, True)
    assert "not signed in" in line.run("logout").stdout


@pytest.mark.req("ID2")
def test_many_at_once_renew_one_after_the_other(line: CommandLine) -> None:
    line.login("builder")
    expire(line)
    done: list[subprocess.CompletedProcess[str]] = []
    together = [threading.Thread(target=lambda: done.append(line.run("app", "list"))) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert [item.returncode for item in done] == [0, 0, 0, 0], [item.stderr for item in done]
    assert actions(line.console, "token.refreshed") == 1
    assert actions(line.console, "token.reused") == 0


@pytest.mark.req("ID2")
def test_a_copied_file_that_was_used_is_noticed_and_ends_both(line: CommandLine) -> None:
    line.login("builder")
    expire(line)
    stolen = line.kept.read_text()
    assert line.run("app", "list").returncode == 0
    thief = CommandLine(line.console, line.kept.with_name("thief.json"))
    thief.kept.write_text(stolen)
    caught = thief.run("app", "list")
    assert (caught.returncode, "bailiwick login" in caught.stderr) == (1, True)
    assert line.run("app", "list").returncode == 1
    assert actions(line.console, "token.reused") == 1


@pytest.mark.req("ID2")
def test_a_no_or_an_answer_from_elsewhere_signs_nobody_in(line: CommandLine) -> None:
    assert "did not say yes" in line.login("builder", says="no")
    for changes in ({"state=": "state=x"}, {"iss=": "iss=x"}):
        assert "not an answer to this sign-in" in line.login("builder", **changes)
    assert not line.kept.exists()


@pytest.mark.req("ID2")
def test_the_command_line_asks_for_a_sign_in_with_a_second_factor(line: CommandLine) -> None:
    process = line.begin("--no-browser", "--max-age", "600", "--second-factor")
    address = address_in(process).replace(line.console.url, "")
    browser = line.console.browser()
    sign_in(browser, "builder@example.com")
    asked = browser.get(address).headers["location"]
    assert asked.startswith("/sign-in/start?")
    back = sign_in(browser, "builder@example.com", asked).headers["location"]
    form = {"csrf_token": csrf_token(browser.get(back).text), "asked": back.partition("?")[2], "answer": "yes"}
    httpx2.get(browser.post("/oauth/authorize", data=form).headers["refresh"].removeprefix("0; url="))
    assert "You are user:builder@example.com" in process.communicate(timeout=30)[0]
    token = str(line.content()["access"]["api"]["token"])  # type: ignore[index]
    held = line.console.company.control.identity.authenticate_token(token, audience="api").sign_in
    assert held is not None
    assert held.second_factor


@pytest.mark.req("ID2")
def test_a_token_is_not_taken_to_another_server(line: CommandLine) -> None:
    line.login("builder")
    refused = line.run("app", "list", BAILIWICK_URL="http://127.0.0.1:9")
    assert "not signed in at http://127.0.0.1:9" in refused.stderr
    by_hand = str(line.content()["access"]["api"]["token"])  # type: ignore[index]
    line.run("logout")
    assert line.run("app", "list", BAILIWICK_TOKEN=by_hand).returncode == 1


@pytest.mark.req("ID2")
def test_no_secret_is_printed(line: CommandLine) -> None:
    printed = line.login("builder")
    content = line.kept.read_text()
    for secret in (line.content()["refresh_token"], line.content()["access"]["api"]["token"]):  # type: ignore[index]
        assert str(secret) in content
        assert str(secret) not in printed
