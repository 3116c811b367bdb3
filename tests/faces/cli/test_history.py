"""History and blame on the command line, on a real server."""

import pytest

from bailiwick.faces.cli.telling import git_headers, headers_of
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.company import APP

TOLD = "Draw a chart\n\nAgent: claude-code\nModel: opus\nPrompt: draw a chart of refunds\n  by region"


@pytest.mark.req("RV10", "AI6")
def test_a_line_in_production_leads_to_its_prompt(command_line: CommandLine) -> None:
    company = command_line.company
    assert company.push("builder", {"chart.py": "first = 1\nsecond = 2\n"}, TOLD).accepted
    early = command_line.run("builder", "blame", APP, "chart.py:2", "--production")
    assert early.exit_code == 1
    assert "is not in production" in early.stderr
    asked = company.control.deploys.request(company.people["builder"], APP)
    company.control.deploys.approve(company.people["admin"], asked.id, "looked at the chart")
    assert company.push("second", {"chart.py": "zeroth = 0\nfirst = 1\nsecond = 2\n"}, "more").accepted
    found = command_line.run("builder", "blame", APP, "chart.py:2", "--production").stdout
    for words in (
        "    second = 2",
        "says        made with claude-code (opus)",
        "prompt      draw a chart of refunds\n            by region",
        "taken, by user:builder@example.com",
        "released by user:admin@example.com: looked at the chart",
        "production  since ",
    ):
        assert words in found
    history = command_line.run("builder", "history", APP).stdout
    assert history.index("by user:second@example.com") < history.index("by user:builder@example.com")
    assert "runs in production" in history


@pytest.mark.req("RV10")
def test_what_is_no_line_or_not_ones_own_is_refused_in_words(command_line: CommandLine) -> None:
    assert command_line.company.push("builder").accepted
    assert "names no line" in command_line.run("builder", "blame", APP, "app.py").stderr
    assert "there is no line 9" in command_line.run("builder", "blame", APP, "app.py:9").stderr
    assert "there is no app" in command_line.run("user", "blame", APP, "app.py:1").stderr
    assert "there is no app" in command_line.run("user", "history", APP).stderr


@pytest.mark.req("RV10")
def test_what_is_said_reaches_git_in_its_environment_only_and_one_server_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    told = headers_of("codex", "", ["a" * 20_000, "more"])
    assert [name for name, _ in told] == ["Bailiwick-Agent", "Bailiwick-Prompt"]
    found = git_headers("https://bailiwick.example", told)
    assert found["GIT_CONFIG_COUNT"] == "3"
    assert found["GIT_CONFIG_KEY_1"] == "http.https://bailiwick.example/.extraHeader"
    assert found["GIT_CONFIG_VALUE_1"] == "Bailiwick-Agent: codex"
    assert len(found["GIT_CONFIG_VALUE_2"]) < 10_000
    assert headers_of("", "", ["é" * 10_000])[0][1].endswith("%A9")
