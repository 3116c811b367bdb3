"""`bailiwick secret` and the API behind it where a secret is of a folder, of an environment, or lies in a store."""

from typing import Any

import pytest

from tests.control.vault.test_environments import shop
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.openbao import OpenBao
from tests.fixtures.rotated import wrap

pytestmark = pytest.mark.req("SE1", "IN4")
VALUE = "the-key-in-the-companys-store"


@pytest.fixture
def more_settings(openbao: OpenBao) -> dict[str, Any]:
    openbao.put("bailiwick/crm", key=VALUE)
    return {"secret_stores": {"corp": openbao.options()}, "vault_keys": {"cache_seconds": 0}}


def test_a_secret_of_a_folder_is_stored_shown_and_used_by_its_name(command_line: CommandLine) -> None:
    run = command_line.run
    done = run("admin", "secret", "put", "finance/crm-test", "--environment", "non-production", stdin=f"{VALUE}\n")
    assert done.output == "finance/crm-test: version 1\n"
    command_line.company.control.integrations.register(
        command_line.company.people["admin"], shop("finance", editor="finance/crm-test")
    )
    shown = run("admin", "secret", "show", "finance/crm-test").output
    for words in ("finance/crm-test               non-production, version 1", "used by shop-db on the plane editor"):
        assert words in shown, words
    wrap(command_line.company, "finance/crm-test")
    assert "every 720 hours" in run("admin", "secret", "show", "finance/crm-test").output
    asked = run("admin", "secret", "reveal", "finance/crm-test", "--reason", "the vendor asks")
    assert asked.output.startswith("rvl_")
    moved = run("admin", "secret", "put", "finance/crm-test", "--environment", "production", stdin="another")
    assert (moved.exit_code, "stays so" in moved.output) == (1, True)
    wrong = run("admin", "secret", "put", "finance/other", "--environment", "staging", stdin=VALUE)
    assert wrong.exit_code != 0
    assert VALUE not in shown + moved.output + wrong.output
    for who in ("builder", "approver"):
        refused = run(who, "secret", "show", "finance/crm-test")
        assert (refused.exit_code, VALUE in refused.output) == (1, False)
    assert "for apps of the folder finance only" in run("admin", "integration", "show", "shop-db").output


def test_a_secret_is_linked_and_what_is_wrong_with_its_store_is_shown(
    command_line: CommandLine, openbao: OpenBao
) -> None:
    run = command_line.run
    assert "corp                 kv                   production" in run("admin", "secret", "stores").output
    done = run("admin", "secret", "link", "crm-key", "corp:bailiwick/crm#key")
    assert done.output == "crm-key: version 1, read at corp:bailiwick/crm#key\n", done.stderr
    assert "lies at corp:bailiwick/crm#key, version 1 there" in run("admin", "secret", "show", "crm-key").output
    for spot, words in (
        ("corp:bailiwick/crm#other", "has no text in the field 'other'"),
        ("corp:elsewhere/crm", "no secret may lie there"),
        ("nowhere:x", "the settings name no store 'nowhere'"),
    ):
        refused = run("admin", "secret", "link", "crm-other", spot)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    assert (
        "there is no version 7"
        in run("admin", "secret", "link", "crm-old", "corp:bailiwick/crm#key", "--version", "7").output
    )
    assert run("admin", "secret", "link", "crm-other", "crm").exit_code == 2
    refused = run("builder", "secret", "link", "crm-other", "corp:bailiwick/crm#key")
    assert refused.exit_code == 1
    assert run("builder", "secret", "stores").output == "none: secret_stores in the control plane's settings\n"
    openbao.sealed = True
    command_line.company.control.secret_stores.keep()
    shown = run("admin", "secret", "show", "crm-key").output
    assert "NOT READ: the store 'corp' is sealed or down; unseal it" in shown
    listed = run("admin", "secret", "list").output
    assert "production, version 1, 0 days old, in the store corp, NOT READ" in listed
    assert VALUE not in shown + listed + refused.output


def test_a_folders_administrator_sees_its_secrets_and_no_others(command_line: CommandLine) -> None:
    control, admin = command_line.company.control, command_line.company.people["admin"]
    control.identity.roles.assign(admin, "folder-admin", "user:user@example.com", "folder:finance")
    run = command_line.run
    assert run("user", "secret", "list").output == "none yet: bailiwick secret put NAME < FILE\n"
    assert run("user", "secret", "put", "finance/crm-key", stdin=VALUE).exit_code == 0
    assert run("user", "secret", "list").output.startswith("finance/crm-key ")
    assert "orders-db" not in run("user", "secret", "list").output
