"""Policies over the API and on the command line, from a file to what is in force."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import uvicorn

from bailiwick.control.identity import API_AUDIENCE
from bailiwick.faces.server import faces_config
from tests.fixtures.company import APP, Company
from tests.fixtures.policies import NO_KILLS, ORGANIZATION, case_of, in_force


@pytest.fixture
def url(company: Company) -> Iterator[str]:
    """Where the faces of a company answer."""
    config = faces_config(company.control)
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def token(company: Company, who: str) -> str:
    return company.control.identity.issue_token(
        company.people[who], audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test"
    ).secret


class Cli:
    """The command line, as somebody."""

    def __init__(self, company: Company, url: str, who: str) -> None:
        self._environment = {**os.environ, "BAILIWICK_URL": url, "BAILIWICK_TOKEN": token(company, who)}

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bailiwick.faces.cli.main", "policy", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=self._environment)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "house.cedar"
    found.write_text(NO_KILLS)
    found.with_suffix(".tests.toml").write_text(case_of("app.kill"))
    return found


def test_a_file_is_checked_and_tested_without_a_server(company: Company, file: Path) -> None:
    nowhere = Cli(company, "http://127.0.0.1:1", "admin")
    assert nowhere("check", file).stdout == "no faults\n"
    tested = nowhere("test", file)
    assert (tested.returncode, tested.stdout) == (0, "passed  app.kill\n")
    file.write_text(NO_KILLS.replace("app.kill", "app.kil"))
    faulty = nowhere("check", file)
    assert faulty.returncode == 1
    assert f"{file}:3:38: " in faulty.stdout
    assert "did you mean app.kill?" in faulty.stdout
    assert json.loads(nowhere("check", "--json", file).stdout)["faults"][0]["column"] == 38
    file.write_text(NO_KILLS.replace("app.kill", "app.revive"))
    failing = nowhere("test", file)
    assert (failing.returncode, "FAILED  app.kill" in failing.stdout) == (1, True)
    assert nowhere("check", file.parent / "none.cedar").returncode == 1


@pytest.mark.req("ID1")
def test_a_file_becomes_what_is_in_force_and_goes_again(company: Company, url: str, file: Path) -> None:
    admin, security = Cli(company, url, "admin"), Cli(company, url, "security")
    kill = [f"{url}/api/v1/kill/{APP}"]
    assert "policy approve house 1" in admin("propose", file, "--name", "house", "--reason", "quiet").stdout
    own = admin("approve", "house", "1")
    assert (own.returncode, "never-approve-your-own-policy" in own.stderr) == (1, True)
    assert "+@id" in security("diff", "house", "1").stdout
    assert "approved" in security("approve", "house", "1").stdout
    replay = admin("replay", file, "--name", "house")
    assert "would have come out differently" in replay.stdout
    done = admin("activate", "house", "1", "--reason", "agreed").stdout
    assert "house@1 is active" in done
    assert "production: not yet" in done
    headers = {"Authorization": f"Bearer {token(company, 'admin')}"}
    refused = httpx2.post(kill[0], json={"reason": "x"}, headers=headers)
    assert (refused.status_code, refused.json()["deciders"]) == (403, ["house@1/no-kills"])
    assert "@1 in force" in admin("list").stdout
    assert admin("show", "house").stdout == NO_KILLS
    assert admin("tests", "house").stdout == case_of("app.kill")
    file.write_text("// open again\n")
    file.with_suffix(".tests.toml").write_text(case_of("app.kill", "allow"))
    assert admin("propose", file, "--name", "house", "--reason", "over").returncode == 0
    assert security("refuse", "house", "2", "--reason", "not yet").returncode == 0
    lines = admin("history", "house").stdout.splitlines()
    assert ["refused" in lines[0], "active" in lines[1]] == [True, True]
    assert "policies (" not in admin("show", "schema").stdout
    assert '"request": Request' in admin("show", "schema").stdout
    assert "never-approve-your-own" in admin("show", "built-in").stdout


@pytest.mark.req("ID1")
def test_what_is_wrong_with_a_text_is_told_as_a_problem_and_as_a_check(company: Company, url: str) -> None:
    headers = {"Authorization": f"Bearer {token(company, 'admin')}"}
    body = {"text": NO_KILLS.replace("forbid", "forbit"), "tests": "", "scope": ORGANIZATION}
    checked = httpx2.post(f"{url}/api/v1/policies/check", json=body, headers=headers).json()
    assert (checked["good"], checked["faults"][0]["line"]) == (False, 3)
    refused = httpx2.post(f"{url}/api/v1/policies/house/versions", json={**body, "reason": "try"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "policy.not-valid")
    assert refused.json()["details"]["problems"]
    builder = {"Authorization": f"Bearer {token(company, 'builder')}"}
    assert httpx2.post(f"{url}/api/v1/policies/check", json=body, headers=builder).status_code == 403
    assert httpx2.get(f"{url}/api/v1/policies", headers=builder).json()["policies"] == []
    assert httpx2.get(f"{url}/api/v1/policies/house", headers=builder).status_code == 404


@pytest.mark.req("ID1")
def test_the_address_of_a_request_is_its_connection_s_not_what_a_header_says(company: Company, url: str) -> None:
    office = """@id("office") @reason("apps are stopped from the office only")
    forbid (principal is Person, action == Action::"app.kill", resource)
    unless { context.request.address.isInRange(ip("10.0.0.0/8")) };"""
    in_force(company, office, case_of("app.kill"))
    headers = {"Authorization": f"Bearer {token(company, 'admin')}", "X-Forwarded-For": "10.1.1.1"}
    refused = httpx2.post(f"{url}/api/v1/kill/{APP}", json={"reason": "x"}, headers=headers)
    assert (refused.status_code, refused.json()["deciders"]) == (403, ["house@1/office"])
    here = office.replace("10.0.0.0/8", "127.0.0.0/8")
    in_force(company, here, case_of("app.kill"))
    assert httpx2.post(f"{url}/api/v1/kill/{APP}", json={"reason": "x"}, headers=headers).is_success
