import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.source.provenance import LONGEST_PROMPT, MOST_PROMPTS, Told, told_by


@pytest.mark.req("RV10", "AI6")
@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("change", Told()),
        ("x\n\nPrompt: add a chart\nGenerated-By: claude-code", Told("claude-code", "", ("add a chart",))),
        (
            "x\n\nAgent: codex\nModel: gpt-5-codex\nPrompt: one\nPrompt: two",
            Told("codex", "gpt-5-codex", ("one", "two")),
        ),
        (
            "x\n\nCo-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>",
            Told("Claude Opus 4.5", "Claude Opus 4.5"),
        ),
        ("x\n\nCo-authored-by: aider (gpt-4o) <noreply@aider.chat>", Told("aider (gpt-4o)", "gpt-4o")),
        ("x\n\nCo-Authored-By: Grace Hopper <grace@example.com>", Told()),
        (
            "x\n\nCo-Authored-By: Ada <ada@example.com>\nCo-authored-by: Cursor <cursoragent@cursor.com>",
            Told("Cursor"),
        ),
        ("x\n\nPrompt: first line\n  and its second\nSigned-off-by: A", Told("", "", ("first line\nand its second",))),
        ("talk about a prompt: no trailer", Told()),
    ],
)
def test_what_agents_write_into_commits_is_understood(message: str, told: Told) -> None:
    assert told_by(message) == told


@pytest.mark.req("RV10")
def test_what_is_said_is_cut_to_what_is_kept() -> None:
    told = told_by("x\n\n" + "\n".join(f"Prompt: {number} {'a' * 9000}" for number in range(50)))
    assert len(told.prompts) == MOST_PROMPTS
    assert {len(prompt) for prompt in told.prompts} == {LONGEST_PROMPT}


@given(st.text())
def test_any_message_is_read(message: str) -> None:
    assert len(told_by(message).agent) <= 200
