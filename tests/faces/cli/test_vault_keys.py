"""`bailiwick keys`, `/readyz`, and the settings page: how the vault's keys stand, and how they change."""

import json
from typing import Any

import httpx2
import pytest

from tests.faces.cli.conftest import CommandLine
from tests.fixtures.softhsm import Hsm

pytestmark = pytest.mark.req("VA4", "SE2")


@pytest.fixture
def more_settings(hsm: Hsm) -> dict[str, Any]:
    return {"vault_keys": {"present": hsm.options(), "previous": {"provider": "local-file"}, "own_key": True}}


def test_keys_are_shown_rotated_and_destroyed_by_two_people(command_line: CommandLine, hsm: Hsm) -> None:
    run = command_line.run
    shown = run("security", "keys", "show")
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"company  pkcs11:{hsm.key}/1-")
    assert "tenant   default/1, made 2" in shown.output
    assert "an opened tenant key is kept for 300 s" in shown.output
    assert run("builder", "keys", "show").exit_code == 1
    assert "needs a reason" in run("admin", "keys", "rotate", "company").output
    rotated = run("admin", "keys", "rotate", "company", "--reason", "once a year")
    assert rotated.output.startswith(f"company  pkcs11:{hsm.key}/2-")
    rotated = run("admin", "keys", "rotate", "tenant", "--reason", "once a year", "--json")
    assert [item["version"] for item in json.loads(rotated.output)["versions"]] == [1, 2]
    assert run("admin", "keys", "rotate", "planet", "--reason", "x").exit_code == 2
    assert run("admin", "keys", "move", "--reason", "the HSM is here").exit_code == 0
    assert httpx2.get(f"{command_line.url}/readyz").json()["keys"] == "good"

    able = run("admin", "who-can", "encryption-key.shred", "organization:default").output
    assert "user:security@example.com" in able
    assert "user:builder@example.com" not in able
    assert "installation's tenant is 'default'" in run("admin", "keys", "shred", "acme", "--reason", "x").output
    asked = run("admin", "keys", "shred", "default", "--reason", "the contract ended")
    assert "nothing is destroyed yet" in asked.output
    assert "user:admin@example.com asks to destroy" in run("security", "keys", "show").output
    assert "did not ask for it" in run("admin", "keys", "confirm-shred", "default", "--reason", "sure").output
    done = run("security", "keys", "confirm-shred", "default", "--reason", "as agreed")
    assert done.exit_code == 0, done.output
    assert "gone for good" in done.output
    assert "were destroyed on the token" in done.output
    shown = run("security", "keys", "show")
    assert shown.exit_code == 1
    assert "CANNOT BE USED" in shown.output
    assert "tenant   default/1" in shown.output
    assert "DESTROYED" in shown.output
    ready = httpx2.get(f"{command_line.url}/readyz")
    assert ready.status_code == 503
    assert "was destroyed" in ready.json()["keys"]


def test_a_wish_to_destroy_keys_is_withdrawn(command_line: CommandLine) -> None:
    assert command_line.run("admin", "keys", "shred", "default", "--reason", "the contract ended").exit_code == 0
    done = command_line.run("security", "keys", "withdraw-shred", "--reason", "it did not")
    assert "nothing was destroyed" in done.output
    assert command_line.run("security", "keys", "confirm-shred", "default", "--reason", "x").exit_code == 1
