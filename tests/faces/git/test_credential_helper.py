"""Git with our credential helper: tokens of minutes, renewed by themselves, for the git door of one server only."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from bailiwick.control.identity import CLIENTS, Parameters, SignedIn, read_request, read_return_address
from bailiwick.control.identity.tables import TokenRow
from bailiwick.core.clock import utc_now
from bailiwick.core.pkce import pkce_challenge
from tests.faces.git.conftest import IDENTITY, Door, commit
from tests.fixtures.company import APP

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")
REDIRECT = "http://127.0.0.1:4000/callback"


@dataclass
class Person:
    """Somebody at their machine, signed in on the command line, with git set up to ask our helper."""

    door: Door
    kept: Path

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BAILIWICK_")}
        own = {"BAILIWICK_URL": self.door.url, "BAILIWICK_CREDENTIALS": str(self.kept), "GIT_TERMINAL_PROMPT": "0"}
        return clean | own

    def git(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        helper = f"credential.{self.door.url}.helper=!{BAILIWICK} git-credential"
        command = ["git", *IDENTITY, "-c", "credential.helper=", "-c", helper, *arguments]
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )

    def push(self, folder: Path) -> subprocess.CompletedProcess[str]:
        return self.git(folder, "push", f"{self.door.url}/git/{APP}.git", "HEAD:main")

    def asks(self, operation: str, **question: str) -> str:
        text = "".join(f"{name}={value}\n" for name, value in question.items())
        return subprocess.run(
            [BAILIWICK, "git-credential", operation],
            input=text,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.kept.read_text()))


@pytest.fixture
def person(door: Door, tmp_path: Path) -> Person:
    tokens, verifier = door.company.control.tokens, "v" * 43
    form = {
        "response_type": "code",
        "client_id": "bailiwick-cli",
        "redirect_uri": REDIRECT,
        "code_challenge": pkce_challenge(verifier),
        "code_challenge_method": "S256",
    }
    parameters = Parameters.of(form.items())
    request = read_request(parameters, read_return_address(parameters, CLIENTS["bailiwick-cli"]), tokens.resources)
    code = tokens.authorize(SignedIn(door.company.people["builder"], "ses_test", "Builder"), request)
    client = CLIENTS["bailiwick-cli"]
    issued = tokens.redeem(client, code, redirect_uri=REDIRECT, verifier=verifier, resources=(), address="127.0.0.1")
    kept = tmp_path / "credentials.json"
    kept.write_text(json.dumps({"url": door.url, "refresh_token": issued.refresh_token, "access": {}}))
    return Person(door, kept)


def end_access_tokens(door: Door) -> None:
    with door.company.control.store.transaction() as session:
        session.execute(update(TokenRow).values(expires=utc_now()))


@pytest.mark.req("ID2")
def test_git_pushes_with_a_token_of_minutes_and_gets_another_when_it_ran_out(
    person: Person, folder: Path, door: Door
) -> None:
    pushed = person.push(folder)
    assert pushed.returncode == 0, pushed.stderr
    first = person.content()["access"]["git"]["token"]
    commit(folder)
    assert person.push(folder).returncode == 0
    assert person.content()["access"]["git"]["token"] == first
    end_access_tokens(door)
    commit(folder)
    # Git is refused, has the helper forget the token, and the next push has another.
    assert person.push(folder).returncode != 0
    assert "git" not in person.content()["access"]
    assert person.push(folder).returncode == 0
    assert person.content()["access"]["git"]["token"] != first


@pytest.mark.req("ID2")
def test_the_helper_says_nothing_to_questions_about_others(person: Person) -> None:
    host = person.door.url.removeprefix("http://")
    for question in (
        {"protocol": "http", "host": "evil.example"},
        {"protocol": "https", "host": host},
        {"protocol": "http", "host": f"{host}.evil.example"},
        {"protocol": "http", "host": f"evil@{host}"},
        {"protocol": "http", "host": f"evil.example\rhost={host}"},
        {"protocol": "http", "host": f"{host}\r"},
        {"protocol": "http"},
        {},
    ):
        assert person.asks("get", **question) == ""
    assert person.asks("store", protocol="http", host=host, password="x") == ""
    assert person.asks("unknown", protocol="http", host=host) == ""
    answer = dict(line.split("=", 1) for line in person.asks("get", protocol="http", host=host).splitlines())
    assert set(answer) == {"username", "password", "password_expiry_utc"}
    left = int(answer["password_expiry_utc"]) - utc_now().timestamp()
    assert 840 < left <= 900


@pytest.mark.req("ID2")
def test_a_token_of_the_helper_opens_the_git_door_only(person: Person, door: Door) -> None:
    host = door.url.removeprefix("http://")
    answer = dict(line.split("=", 1) for line in person.asks("get", protocol="http", host=host).splitlines())
    headers = {"authorization": f"Bearer {answer['password']}"}
    assert httpx2.get(f"{door.url}/api/v1/me", headers=headers).status_code == 401
    refs = f"{door.url}/git/{APP}.git/info/refs?service=git-upload-pack"
    assert httpx2.get(refs, auth=("x", answer["password"])).status_code == 200


@pytest.mark.req("ID2")
def test_whoever_is_not_signed_in_is_told_so(person: Person, folder: Path) -> None:
    person.kept.unlink()
    refused = person.push(folder)
    assert refused.returncode != 0
    assert "bailiwick login" in refused.stderr
