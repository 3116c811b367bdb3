"""Who may review what: never a model of the family that wrote it, nor an agent that is the one that wrote it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.control.inference import Route
from bailiwick.control.inference.model import family_of

_WORD = re.compile(r"[a-z0-9]+")
# What model names have in common with those of others of their maker, and what says nothing of which one it is.
_EMPTY_WORDS = frozenset({"the", "model", "api", "ai", "llm", "latest", "preview", "code", "cli", "agent"})

# Lines of models, by the word that all of a line have in their names; agents whose own model is of a line count to it.
_LINES = frozenset(
    "claude gpt gemini gemma llama mistral mixtral codestral devstral qwen deepseek grok command nova phi glm kimi "
    "granite jamba nemotron minimax yi falcon".split()
)
_SAME_LINE = {"codex": "gpt", "chatgpt": "gpt", "opus": "claude", "sonnet": "claude", "haiku": "claude"}


@dataclass(frozen=True, slots=True)
class Writers:
    """By which agents and models a change says it was made, and the agents whose credentials it came with."""

    agents: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()


def is_independent(route: Route, writers: Writers) -> bool:
    """Return whether a model may review what these wrote: it shares no family with their models, and no name with them.

    What is claimed is all there is to go by: a name that is not told cannot be compared. That is why two readings of
    code and deterministic rules stand beside every reviewer.
    """
    families = {family_of(model) for model in writers.models}
    if route.family in families:
        return False
    own = _words(route.family)
    named = [_words(model) for model in writers.models] + [_words(agent) for agent in writers.agents]
    return not any(_is_one_line(own, other) for other in named)


def independent(routes: Sequence[Route], writers: Writers) -> list[Route]:
    """Return those of the models that may review, in order."""
    return [route for route in routes if is_independent(route, writers)]


def _words(name: str) -> frozenset[str]:
    """Return the words of a name that are no versions: `agent:claude-code` has `claude`."""
    words = _WORD.findall(name.lower().removeprefix("agent:"))
    return frozenset(_SAME_LINE.get(word, word) for word in words if not word.isdecimal() and word not in _EMPTY_WORDS)


def _is_one_line(own: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether names are of one line of models, or are the same name."""
    return bool(own & other & _LINES) or (bool(own) and own == other)
