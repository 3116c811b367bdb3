"""What an MCP server lists becomes an integration by the command line, and apps see each tool as it was then."""

from pathlib import Path

import pytest

from tests.faces.cli.conftest import CommandLine
from tests.faces.cli.test_integrations import written
from tests.fixtures.mcp_server import TOKEN, TicketServer, ticket_server

pytestmark = pytest.mark.req("IN9")


@pytest.fixture(scope="module")
def tickets() -> TicketServer:
    with ticket_server() as made:
        yield made


@pytest.fixture
def token(tmp_path: Path) -> str:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return str(file)


def test_what_a_server_lists_is_shown_with_a_rule_for_each(
    command_line: CommandLine, tickets: TicketServer, token: str
) -> None:
    listed = command_line.run("admin", "integration", "import-mcp", tickets.url, "--token-file", token).stdout
    assert "find_ticket:read                 Find one ticket" in listed
    assert "close_ticket:write               Close a ticket" in listed
    assert "ticket:read" in listed and "summarise:read" in listed
    refused = command_line.run("admin", "integration", "import-mcp", tickets.url)
    assert refused.exit_code == 1
    assert "cannot be read" in refused.stderr


def test_what_was_picked_is_registered_and_shown_in_words(
    command_line: CommandLine, tickets: TicketServer, token: str, tmp_path: Path
) -> None:
    made = command_line.run(
        "admin", "integration", "import-mcp", tickets.url, "--token-file", token, "--name", "tickets", "--owner",
        "group:it", "--pick", "search:write", "--pick", "ticket:read",
    )  # fmt: skip
    assert TOKEN not in made.stdout
    file = written(tmp_path, made.stdout)
    assert command_line.run("admin", "integration", "register", file).exit_code == 0
    shown = command_line.run("admin", "integration", "show", "tickets").stdout
    assert "calls the tool search, as of " in shown
    assert "reads tickets://open/{number}" in shown
    assert "close_ticket" not in shown
    assert (
        command_line.run(
            "admin", "integration", "import-mcp", tickets.url, "--token-file", token, "--pick", "x:read"
        ).exit_code
        == 1
    )


def test_tools_that_changed_since_they_were_registered_are_marked(
    command_line: CommandLine, tickets: TicketServer, token: str, tmp_path: Path
) -> None:
    def search(project: str) -> str:
        return "of another tool"

    asked = ("admin", "integration", "import-mcp", tickets.url, "--token-file", token)
    made = command_line.run(*asked, "--name", "desk", "--owner", "group:it", "--pick", "search:write")
    assert command_line.run("admin", "integration", "register", written(tmp_path, made.stdout)).exit_code == 0
    assert "CHANGED" not in command_line.run(*asked, "--against", "desk").stdout
    with tickets.redefined("search", search, "Search, and tell everything"):
        marked = command_line.run(*asked, "--against", "desk").stdout
    assert "CHANGED since it was registered: Search, and tell everything" in marked
    assert marked.count("CHANGED") == 1


def test_a_file_of_what_a_server_lists_will_do_and_what_is_none_is_said(
    command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "listed.json"
    file.write_text('{"tools": [{"name": "a", "inputSchema": {}}, {"name": "b c", "inputSchema": {}}]}')
    found = command_line.run("admin", "integration", "import-mcp", str(file))
    assert "a:write" in found.stdout
    assert "left out: tools: b c" in found.stderr
    for wrong in ("[", '{"tools": 5}', '{"tools": [5]}'):
        file.write_text(wrong)
        assert command_line.run("admin", "integration", "import-mcp", str(file)).exit_code == 1, wrong
    assert command_line.run("admin", "integration", "import-mcp", str(tmp_path / "none.json")).exit_code == 1


def test_a_grant_that_cannot_be_is_not_registered(
    command_line: CommandLine, tickets: TicketServer, token: str, tmp_path: Path
) -> None:
    asked = ("admin", "integration", "import-mcp", tickets.url, "--token-file", token, "--pick", "search:write")
    made = command_line.run(*asked, "--name", "odd", "--owner", "group:it").stdout
    for before, after in (
        ("kind: mcp\ndescription", "kind: http\ndescription"),
        ("digest: ", "digest: 0"),
        ("tool: search", "tool: a b"),
        ("- tool: search", "- server_asks: [money]\n  - tool: search"),
        ("- tool: search", "- resource: tickets:open\n  - tool: search"),
        ("- tool: search", "- rules: [{argument: limit, at_most: many}]\n    tool: search"),
        ("- tool: search", "- rules: [{argument: limit}]\n    tool: search"),
        ("- tool: search", "- {relation: orders, operations: [select], columns: [id]}\n  - tool: search"),
    ):
        assert before in made
        file = written(tmp_path, made.replace(before, after, 1))
        assert command_line.run("admin", "integration", "register", file).exit_code == 1, after
    assert command_line.run("admin", "integration", "register", written(tmp_path, made)).exit_code == 0
