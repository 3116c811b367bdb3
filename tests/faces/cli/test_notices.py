"""Notices by API and command line, on a real server."""

import json

import pytest

from tests.faces.cli.conftest import CommandLine


@pytest.mark.req("DG2")
def test_choices_chats_and_messages_on_the_command_line(command_line: CommandLine) -> None:
    control = command_line.company.control
    assert "the settings name no mail server" in command_line.run("approver", "notice", "mail").stdout
    assert "you get no mail" in command_line.run("approver", "notice", "mail", "off").stdout
    assert json.loads(command_line.run("approver", "notice", "mail", "--json").stdout)["mail"] is False
    assert command_line.run("approver", "notice", "mail", "perhaps").exit_code == 2
    with control.store.transaction() as session:
        control.vault.put(session, "chat-url", "https://chat.example.com/T0PSECRET", by="user:admin@example.com")
    added = command_line.run("admin", "notice", "add-chat", "room", "--secret", "chat-url", "--folder", "finance")
    assert "room hears what waits in finance" in added.stdout
    shown = command_line.run("security", "notice", "chats")
    assert "chat-url" in shown.stdout
    assert "T0PSECRET" not in shown.stdout
    refused = command_line.run("approver", "notice", "chats")
    assert refused.exit_code == 1
    assert "org-admin" in refused.stderr
    assert command_line.run("admin", "notice", "list").stdout == "none\n"
    assert "is no state" in command_line.run("admin", "notice", "list", "--state", "lost").stderr
    assert "there is no notice" in command_line.run("admin", "notice", "retry", "ntc_x").stderr
    assert "needs a reason" in command_line.run("admin", "notice", "remove-chat", "room").stderr
    gone = command_line.run("admin", "notice", "remove-chat", "room", "--reason", "the room is gone")
    assert "hears of nothing" in gone.stdout
