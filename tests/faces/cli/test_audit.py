"""`bailiwick audit` as an auditor and a third party use it."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import create_engine, text

from bailiwick.core.statements import SigningKey
from tests.core import tree_as_written as written
from tests.faces.cli.conftest import CommandLine


def key_of(command_line: CommandLine) -> str:
    return command_line.company.control.audit_key.public_text


def owner_does(command_line: CommandLine, *statements: str) -> None:
    with create_engine(command_line.company.control.store.owner_url).begin() as owner:
        for statement in statements:
            owner.execute(text(statement))


@pytest.mark.req("OB2")
def test_one_event_is_proved_and_a_changed_one_is_not(command_line: CommandLine) -> None:
    good = command_line.run("admin", "audit", "prove", 0, "--key", key_of(command_line))
    assert good.exit_code == 0, good.output
    assert "proved: event 0 is in the log of" in good.output
    document = json.loads(command_line.run("admin", "audit", "prove", 1, "--json").output.partition("\nthe key")[0])
    assert document["event"]["action"]
    owner_does(
        command_line,
        "UPDATE audit_events SET body = replace(convert_from(body, 'UTF8'), 'success', 'refused')::bytea"
        " WHERE sequence = 0",
    )
    changed = command_line.run("admin", "audit", "prove", 0, "--key", key_of(command_line))
    assert changed.exit_code == 1
    assert "does not lead from event 0 to the signed root" in changed.output
    assert "no event 999" in command_line.run("admin", "audit", "prove", 999).output
    foreign = command_line.run("admin", "audit", "prove", 1, "--key", SigningKey.generate().public_text)
    assert foreign.exit_code == 1
    assert "not trusted" in foreign.output


@pytest.mark.req("OB2")
def test_a_log_that_was_rewritten_since_is_noticed(command_line: CommandLine, tmp_path: Path) -> None:
    seen, key = tmp_path / "seen.json", key_of(command_line)
    first = command_line.run("admin", "audit", "verify", "--since", seen, "--key", key)
    assert first.exit_code == 0, first.output
    assert "nothing was remembered" in first.output
    command_line.company.control.catalog.create_folder(command_line.company.people["admin"], "sales")
    second = command_line.run("admin", "audit", "verify", "--since", seen, "--key", key)
    assert second.exit_code == 0, second.output
    assert "are the first of" in second.output
    remembered = seen.read_text()
    # Whoever owns the database and the key starts the log anew: all it says fits together, but not what was seen.
    owner_does(
        command_line, *(f"DELETE FROM {table}" for table in ("audit_checkpoints", "audit_events", "audit_trees"))
    )
    command_line.company.control.catalog.create_folder(command_line.company.people["admin"], "legal")
    cut = command_line.run("admin", "audit", "verify", "--since", seen, "--key", key)
    assert cut.exit_code == 1
    assert "NOT INTACT: the log was cut" in cut.output
    for number in range(60):
        command_line.company.control.catalog.create_folder(command_line.company.people["admin"], f"more-{number}")
    rewritten = command_line.run("admin", "audit", "verify", "--since", seen, "--key", key)
    assert rewritten.exit_code == 1
    assert "NOT INTACT: the log was rewritten" in rewritten.output
    assert seen.read_text() == remembered


@pytest.mark.req("OB2")
def test_static_tiles_are_enough_to_check_the_log_by_other_means(command_line: CommandLine, tmp_path: Path) -> None:
    control, admin = command_line.company.control, command_line.company.people["admin"]
    with control.store.transaction() as session:
        for number in range(300):
            control.audit.note(session, "user:a@example.com", "app.created", f"app:a/b-{number}")
    out = tmp_path / "tree"
    first = command_line.run("admin", "audit", "tiles", "--out", out)
    assert first.exit_code == 0, first.output
    origin, size, root, empty, signature = (out / "checkpoint").read_text().splitlines()
    leaves = b"".join(file.read_bytes() for file in (out / "tile/0/000", *(out / "tile/0/001.p").iterdir()))
    hashes = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
    assert len(hashes) == int(size)
    assert base64.b64encode(written.mth(hashes)).decode() == root
    assert empty == ""
    # The note as C2SP signed-note has it, checked without any code of ours.
    mark, name, signed = signature.split()
    raw = base64.b64decode(key_of(command_line))
    assert (mark, name) == ("—", origin)
    assert base64.b64decode(signed)[:4] == hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signed)[4:], f"{origin}\n{size}\n{root}\n".encode())
    before = (out / "tile/0/000").stat().st_mtime_ns
    control.catalog.create_folder(admin, "sales")
    again = command_line.run("admin", "audit", "tiles", "--out", out, "--json")
    assert json.loads(again.output)["tiles"] == 1
    assert (out / "tile/0/000").stat().st_mtime_ns == before


@pytest.mark.req("OB2", "ID4")
def test_who_may_not_read_the_log_gets_no_evidence_either(command_line: CommandLine, tmp_path: Path) -> None:
    for arguments in (("prove", 0), ("verify", "--since", tmp_path / "seen"), ("tiles", "--out", tmp_path / "tree")):
        refused = command_line.run("user", "audit", *arguments)
        assert refused.exit_code == 1
        assert "decided by" in refused.output
    assert list(tmp_path.glob("seen*")) == []


def test_verify_says_what_it_lacks(command_line: CommandLine, tmp_path: Path) -> None:
    assert "nothing to check" in command_line.run("admin", "audit", "verify").output
    bad = tmp_path / "bad.json"
    for content, words in (("no json", "cannot be read"), ("[]", "is no checkpoint"), ("{}", "not a DSSE envelope")):
        bad.write_text(content)
        told = command_line.run("admin", "audit", "verify", "--since", bad)
        assert told.exit_code == 1
        assert words in told.output
        assert bad.read_text() == content


@pytest.mark.req("OB2")
def test_searches_are_written_as_terms_and_kept_under_a_name(command_line: CommandLine) -> None:
    found = command_line.run("admin", "audit", "search", "action=folder.*", "since=1h", "--json")
    assert [event["action"] for event in json.loads(found.output)["events"]] == ["folder.created"]
    assert command_line.run("admin", "audit", "save", "New folders", "action=folder.*", "--shared").exit_code == 0
    listed = command_line.run("security", "audit", "searches")
    assert "New folders: action=folder.*  (shared by user:admin@example.com)" in listed.output
    kept = command_line.run("security", "audit", "search", "--saved", "New folders", "actor=user:admin*")
    assert "folder.created folder:finance" in kept.output
    assert command_line.run("admin", "audit", "forget", "New folders").exit_code == 0
    assert "no search" in command_line.run("admin", "audit", "search", "--saved", "New folders").output
    assert "events have no 'colour'" in command_line.run("admin", "audit", "search", "colour=red").output


@pytest.mark.req("OB2", "ID5")
def test_the_log_is_followed_from_where_one_left_off_until_one_may_no_more(command_line: CommandLine) -> None:
    company = command_line.company
    command_line.run("security", "audit", "searches")  # makes the token
    headers = {"Authorization": f"Bearer {command_line.tokens['security']}"}
    address = f"{command_line.url}/api/v1/audit/tail"

    def create(name: str) -> None:
        company.control.catalog.create_folder(company.people["admin"], name)

    def next_event(lines: Iterator[str]) -> tuple[str, str, dict[str, object]]:
        kind = place = ""
        for line in lines:
            name, _, value = line.partition(": ")
            kind, place = (value if name == "event" else kind), (value if name == "id" else place)
            if name == "data":
                return kind, place, json.loads(value)
        raise AssertionError("the stream ended")

    asked = {"q": "action=folder.*"}
    with httpx2.stream("GET", address, params=asked, headers=headers, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        create("one")
        kind, place, event = next_event(lines)
        assert (kind, event["resource"], int(place)) == ("audit", "folder:one", event["sequence"])
    create("two")
    with httpx2.stream("GET", address, params=asked, headers=headers | {"Last-Event-ID": place}, timeout=20) as answer:
        lines = answer.iter_lines()
        assert next_event(lines)[2]["resource"] == "folder:two"
        company.control.identity.revoke_principal(company.people["admin"], "user:security@example.com", "left")
        kind, _, problem = next_event(lines)
        assert kind == "refused"
        assert problem["status"] == 401
        assert next(lines, "") == ""


@pytest.mark.req("OB2")
def test_events_say_which_address_and_client_they_came_from(command_line: CommandLine) -> None:
    command_line.run("security", "audit", "searches")
    headers = {"Authorization": f"Bearer {command_line.tokens['security']}", "User-Agent": "curl/8"}
    body = {"terms": ["outcome=refused"]}
    httpx2.put(f"{command_line.url}/api/v1/audit/searches/mine", json=body, headers=headers)
    found = command_line.run("admin", "audit", "search", "client=127.0.0.1", "client_kind=program", "--json")
    assert [event["action"] for event in json.loads(found.output)["events"]] == ["search.saved"]
    command_line.run("admin", "audit", "save", "theirs", "outcome=refused")
    found = command_line.run("admin", "audit", "search", "client_kind=command line", "--json")
    assert [event["resource"] for event in json.loads(found.output)["events"]] == ["search:theirs"]


@pytest.mark.req("OB2")
def test_the_program_in_the_documentation_checks_a_proof_with_nothing_of_ours(
    command_line: CommandLine, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "audit.md").read_text()
    (tmp_path / "check.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    proof = tmp_path / "proof.json"
    proof.write_text(command_line.run("admin", "audit", "prove", 3, "--json").output)

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "check.py", str(proof), key_of(command_line)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert check().stdout.startswith("proved, in a log of")
    proof.write_text(proof.read_text().replace("success", "refused"))
    assert "NOT PROVED" in check().stderr


@pytest.mark.req("OB2")
def test_the_tail_prints_events_as_they_happen_until_it_is_stopped(command_line: CommandLine) -> None:
    company = command_line.company
    command_line.run("admin", "audit", "searches")  # makes the token
    environment = {**os.environ, "BAILIWICK_URL": command_line.url, "BAILIWICK_TOKEN": command_line.tokens["admin"]}
    command = [str(Path(sys.executable).parent / "bailiwick"), "audit", "tail", "action=folder.*"]
    stopped = threading.Event()

    def happen() -> None:
        # Until it is seen: nobody knows when the command has begun to listen.
        number = 0
        while not stopped.wait(0.5):
            company.control.catalog.create_folder(company.people["admin"], f"number-{number}")
            number += 1

    # As a terminal starts it: what starts the tests may ignore Ctrl-C, and whom it starts would inherit that.
    terminal = ["env", "--default-signal=INT"]
    with subprocess.Popen([*terminal, *command], env=environment, stdout=subprocess.PIPE, text=True) as tail:
        try:
            happening = threading.Thread(target=happen)
            happening.start()
            assert tail.stdout is not None
            lines = [tail.stdout.readline() for _ in range(2)]
            stopped.set()
            happening.join()
            tail.send_signal(signal.SIGINT)
            assert tail.wait(20) != 0
        finally:
            stopped.set()
            tail.kill()
    first, second = (int(line.rpartition("folder:number-")[2]) for line in lines)
    assert second == first + 1
