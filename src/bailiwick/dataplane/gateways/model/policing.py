"""Prompt policy: what a prompt is about, where it goes and which tools it brings are questions to policy.

Signs of injection stay with a conversation: its id follows from how it began, so that it is known again when whoever
sends it leaves out what the signs were in.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.injection import signs_in
from bailiwick.core.messages import ModelState
from bailiwick.core.policy import Decision
from bailiwick.core.redaction import Own
from bailiwick.dataplane.gateways.model.conversation import Conversation, Origin, read_conversation
from bailiwick.dataplane.gateways.model.model import Caller
from bailiwick.dataplane.gateways.refusals import CallRefusedError

SignsIn = Callable[[Sequence[str]], frozenset[str]]
_REMEMBERED_SECONDS = 12 * 3600.0
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class About:
    """What policy is told of a prompt: topics of any text, and of its instructions; kinds of values; signs."""

    topics: frozenset[str] = frozenset()
    instructed: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was seen in a body: the conversation, its topics, and the signs in what tools brought."""

    conversation: Conversation
    topics: frozenset[str]
    instructed: frozenset[str]
    signs: frozenset[str]


def notice(document: Mapping[str, Any], topics: Own, signs: SignsIn = signs_in) -> Noticed:
    """Return what there is to notice in a body; `signs` finds those of injection in what tools brought."""
    conversation = read_conversation(document)
    texts = conversation.texts
    instructed = topics.names_in("\n\n".join(texts[Origin.INSTRUCTIONS])) if topics else frozenset()
    others = [text for origin, some in texts.items() if origin is not Origin.INSTRUCTIONS for text in some]
    about = topics.names_in("\n\n".join(others)) if topics else frozenset()
    return Noticed(conversation, about | instructed, instructed, signs(texts[Origin.RESULT]))


class ToolRefusedError(CallRefusedError):
    """A model asked for a tool that it may not use: nothing of that call is shown."""

    def __init__(self, tool: str, decision: Decision) -> None:
        words = f"the model asked for the tool {tool[:100]}, and it may not use that: {decision.reason}"
        super().__init__(403, words, deciders=decision.deciders)
        self.tool = tool


@dataclass(frozen=True)
class Admitted:
    """A prompt that policy lets through, with the offered tools that it does not, by name."""

    conversation: str
    about: About
    signs: frozenset[str]
    closed: Mapping[str, Decision]
    ask: Callable[[str], Decision]

    def require_tool(self, tool: str) -> None:
        """Return when the model may use a tool; raise `ToolRefusedError` otherwise."""
        decision = self.closed.get(tool) or self.ask(tool)
        if not decision.allowed:
            raise ToolRefusedError(tool, decision)

    @property
    def facts(self) -> dict[str, str]:
        """What the audit log is told."""
        told = {"signs": self.signs, "topics": self.about.topics, "tools_closed": self.closed}
        written = {name: ", ".join(sorted(values)) for name, values in told.items() if values}
        return {"conversation": self.conversation, **written}


@dataclass
class PromptPolicy:
    """Asks policy about prompts and tools, and remembers which conversations have signs of injection.

    `key` is what ids of conversations are made with. `topics` returns what knows what prompts are about, and
    `ask_prompt` and `ask_tool` ask policy.
    """

    key: bytes
    topics: Callable[[], Own]
    ask_prompt: Callable[[Caller, ModelState, About], Decision]
    ask_tool: Callable[[Caller, ModelState, About, str], Decision]
    _flagged: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    def admit(self, caller: Caller, model: ModelState, noticed: Noticed, classes: frozenset[str]) -> Admitted:
        """Return what may go to a model of a prompt; raise `CallRefusedError` for what may not go at all."""
        conversation = noticed.conversation.id(self.key, caller.account)
        signs = noticed.signs | self._known(conversation) | self._known(noticed.conversation.follows)
        about = About(noticed.topics, noticed.instructed, classes, bool(signs))
        if signs:
            self._remember(conversation, signs)
        decision = self.ask_prompt(caller, model, about)
        if not decision.allowed:
            raise CallRefusedError(403, decision.reason, deciders=decision.deciders)

        def ask(tool: str) -> Decision:
            return self.ask_tool(caller, model, about, tool)

        asked = {tool: ask(tool) for tool in noticed.conversation.tools}
        closed = {tool: decision for tool, decision in asked.items() if not decision.allowed}
        return Admitted(conversation, about, signs, closed, ask)

    def is_news(self, admitted: Admitted) -> bool:
        """Return whether nobody was told yet that this conversation has these signs."""
        return bool(admitted.signs) and admitted.signs != self._known(f"told:{admitted.conversation}")

    def told(self, admitted: Admitted) -> None:
        """Note that it was told."""
        self._remember(f"told:{admitted.conversation}", admitted.signs)

    def follow(self, admitted: Admitted, answer: str) -> None:
        """Note that whatever follows an answer is of the same conversation: its server keeps the history."""
        if admitted.signs and answer:
            self._remember(answer, admitted.signs)

    def _known(self, name: str) -> frozenset[str]:
        until, signs = self._flagged.get(name, (0.0, frozenset()))
        return signs if name and time.monotonic() < until else frozenset()

    def _remember(self, name: str, signs: frozenset[str]) -> None:
        self._flagged.pop(name, None)
        while len(self._flagged) >= _MOST_REMEMBERED:
            del self._flagged[next(iter(self._flagged))]
        self._flagged[name] = (time.monotonic() + _REMEMBERED_SECONDS, signs)
