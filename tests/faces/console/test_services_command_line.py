"""The command line for service identities and agents, against a real server, with git at the end."""

import json
import os
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from joserfc.jwk import OKPKey, RSAKey
from typer.testing import CliRunner

from bailiwick.control.identity import API_AUDIENCE, CredentialRefusedError
from bailiwick.faces.cli.main import root
from tests.faces.console.conftest import Console
from tests.fixtures.issuer import WORKLOAD, Issuer

BAILIWICK = str(Path(sys.executable).parent / "bailiwick")
NIGHTLY = "service:nightly"


@dataclass
class Machine:
    """The command line on one machine, run by whoever holds a token."""

    console: Console
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def environment(self, token: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BAILIWICK_")}
        kept = str(self.folder / "credentials.json")
        return clean | {"BAILIWICK_URL": self.console.url, "BAILIWICK_CREDENTIALS": kept, "BAILIWICK_TOKEN": token}

    def token_of(self, who: str) -> str:
        control, person = self.console.company.control, self.console.company.people[who]
        return control.identity.issue_token(
            person, audience=API_AUDIENCE, lifetime=timedelta(minutes=10), purpose="test"
        ).secret

    def run(self, *arguments: str, who: str = "admin", token: str | None = None) -> Result:
        shown = self.token_of(who) if token is None else token
        with chdir(self.folder):
            return CliRunner().invoke(root, arguments, env=self.environment(shown))

    def says(self, *arguments: str, who: str = "admin", token: str | None = None) -> str:
        done = self.run(*arguments, who=who, token=token)
        assert done.exit_code == 0, done.stderr
        return done.stdout.strip()

    def refuses(self, *arguments: str, who: str = "admin", token: str | None = None) -> str:
        done = self.run(*arguments, who=who, token=token)
        assert done.exit_code == 1, done.stdout
        return done.stderr

    def me(self, token: str) -> str:
        answer = subprocess.run(
            ["curl", "-sS", "-H", "@-", f"{self.console.url}/api/v1/me"],
            input=f"Authorization: Bearer {token}",
            capture_output=True,
            text=True,
            check=True,
        )
        return str(json.loads(answer.stdout)["principal"])

    def create(self, name: str = NIGHTLY, *more: str) -> None:
        said = self.says("service", "create", name, "--owner", "group:admin", "--purpose", "Sends the report", *more)
        assert "active" in said


@pytest.fixture
def machine(console: Console, tmp_path: Path) -> Machine:
    folder = tmp_path / "machine"
    folder.mkdir()
    return Machine(console, folder)


@pytest.mark.req("ID4", "IN5")
def test_a_service_from_its_making_to_its_end(machine: Machine) -> None:
    machine.create()
    said = machine.says("service", "key", "add", NIGHTLY, "--new", "nightly.pem")
    private = machine.folder / "nightly.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    token = machine.says("service", "token", NIGHTLY, "--key", "nightly.pem", token="")
    assert machine.me(token) == NIGHTLY
    shown = json.loads(machine.says("service", "show", NIGHTLY, "--json"))
    assert shown["last_used"]
    assert shown["keys"][0]["id"] in said
    assert "key" in machine.says("service", "show", NIGHTLY)
    assert NIGHTLY in machine.says("service", "list", "--expiring", "100d")
    assert NIGHTLY not in machine.says("service", "list", "--unused-for", "30d")
    machine.says("service", "prolong", NIGHTLY, "--days", "200")
    machine.says("service", "change", NIGHTLY, "--owner", "user:builder@example.com")
    assert NIGHTLY in machine.says("service", "list", who="builder")
    assert "disabled" in machine.says("service", "disable", NIGHTLY, "--reason", "it went wild", who="builder")
    assert "switched off" in machine.refuses("service", "token", NIGHTLY, "--key", "nightly.pem", token="")
    machine.says("service", "enable", NIGHTLY, "--reason", "tame")
    machine.says("service", "key", "remove", NIGHTLY, shown["keys"][0]["id"], "--reason", "rotated")
    machine.says("service", "remove", NIGHTLY, "--reason", "over")
    assert "no service identity" in machine.refuses("service", "show", NIGHTLY)


@pytest.mark.req("ID4")
def test_a_private_key_does_not_leave_the_machine(machine: Machine) -> None:
    machine.create()
    machine.says("service", "key", "add", NIGHTLY, "--new", "nightly.pem")
    assert "not sent" in machine.refuses("service", "key", "add", NIGHTLY, "--public-key", "nightly.pem")
    assert "there already" in machine.refuses("service", "key", "add", NIGHTLY, "--new", "nightly.pem")
    (machine.folder / "junk").write_text("junk")
    assert "no key" in machine.refuses("service", "key", "add", NIGHTLY, "--public-key", "junk")
    assert "cannot be read" in machine.refuses("service", "key", "add", NIGHTLY, "--public-key", "nowhere")
    assert "no key '-iX'" in machine.refuses("service", "key", "remove", NIGHTLY, "-iX", "--reason", "an odd id")


@pytest.mark.req("ID4")
def test_keys_that_others_made_are_taken_as_pem_or_jwk(machine: Machine) -> None:
    machine.create()
    edwards, rsa = OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048)
    files = {
        "ed25519.pem": (edwards.as_pem(private=True), edwards.as_pem(private=False)),
        "rsa.jwk": (json.dumps(rsa.as_dict(private=True)).encode(), json.dumps(rsa.as_dict(private=False)).encode()),
    }
    for name, (private, public) in files.items():
        (machine.folder / f"private-{name}").write_bytes(private)
        (machine.folder / name).write_bytes(public)
        machine.says("service", "key", "add", NIGHTLY, "--public-key", name)
        assert machine.me(machine.says("service", "token", NIGHTLY, "--key", f"private-{name}", token="")) == NIGHTLY


@pytest.mark.req("ID4", "IN1")
def test_a_job_shows_the_token_of_its_ci_system(machine: Machine, issuer: Issuer) -> None:
    machine.create()
    said = machine.says(
        "service", "trust", "add", NIGHTLY, "--issuer", issuer.url, "--subject", WORKLOAD, "--audience", "bailiwick",
        "--claim", "ref_protected=true",
    )  # fmt: skip
    assert WORKLOAD in said
    (machine.folder / "job.jwt").write_text(issuer.token(ref_protected="true") + "\n")
    token = machine.says("service", "token", NIGHTLY, "--token-file", "job.jwt", token="")
    assert machine.me(token) == NIGHTLY
    (machine.folder / "job.jwt").write_text(issuer.token(ref_protected="false"))
    assert "trusts this token" in machine.refuses("service", "token", NIGHTLY, "--token-file", "job.jwt", token="")
    weak = machine.refuses("service", "trust", "add", NIGHTLY, "--issuer", issuer.url, "--subject-prefix", "repo:acme")
    assert "somebody else's" in weak
    assert "NAME=VALUE" in machine.refuses(
        "service", "trust", "add", NIGHTLY, "--issuer", issuer.url, "--subject", "x", "--claim", "nothing"
    )


@pytest.mark.req("IN3", "ID4")
def test_a_person_starts_their_coding_agent(machine: Machine) -> None:
    machine.create("agent:claude-code", "--public")
    token = machine.says("agent", "token", "--agent", "claude-code", who="builder")
    assert machine.me(token) == "agent:claude-code/for/user:builder@example.com"
    again = machine.refuses("agent", "token", "--agent", "claude-code", token=token)
    assert "do not pass work on" in again


@pytest.mark.req("IN3", "ID4")
def test_an_agent_with_a_key_is_started_with_it(machine: Machine) -> None:
    machine.create("agent:coder")
    machine.says("service", "key", "add", "agent:coder", "--new", "coder.pem")
    machine.says("service", "key", "add", "agent:coder", "--new", "other.pem")
    assert "without a credential" in machine.refuses("agent", "token", "--agent", "coder", who="builder")
    body = json.loads(machine.says("agent", "token", "--agent", "coder", "--key", "coder.pem", "--json", who="builder"))
    assert (body["sub"], body["act"]["sub"]) == ("user:builder@example.com", "agent:coder")
    machine.create()
    machine.says("service", "key", "add", NIGHTLY, "--new", "nightly.pem")
    refused = machine.refuses("agent", "token", "--agent", "coder", "--key", "nightly.pem", who="builder")
    assert "not signed by a key" in refused


@pytest.mark.req("IN3", "ID4")
def test_git_asks_for_a_token_of_the_agent(machine: Machine) -> None:
    machine.create("agent:claude-code", "--public")
    control = machine.console.company.control
    token = control.identity.issue_token(
        machine.console.company.people["builder"], audience="git", lifetime=timedelta(minutes=5), purpose="test"
    ).secret
    asked = f"protocol=http\nhost={machine.console.url.removeprefix('http://')}\n\n"
    done = subprocess.run(
        [BAILIWICK, "git-credential", "--agent", "claude-code", "get"],
        env=machine.environment(token),
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = dict(line.split("=", 1) for line in done.stdout.splitlines())
    found = control.identity.authenticate_token(answer["password"], audience="git")
    assert str(found.principal) == "agent:claude-code/for/user:builder@example.com"
    with pytest.raises(CredentialRefusedError):
        control.identity.authenticate_token(answer["password"], audience=API_AUDIENCE)
