"""What a turn's tools work on: the conversation, the draft, and in whose name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import Conversation, Draft, ToolWords, TurnLog
from bailiwick.core.principals import Identity
from bailiwick.faces.mcp.tool import Answer, Arguments

A = TypeVar("A", bound=Arguments)


@dataclass
class Desk:
    """One turn's. `agent` is the studio's agent as it works for the person, `written_by` the model that writes now."""

    control: ControlPlane
    agent: Identity
    conversation: Conversation
    draft: Draft
    log: TurnLog
    written_by: str


@dataclass(frozen=True)
class DeskTool(Generic[A]):
    """A tool that works on the draft: it is offered in the studio only."""

    name: str
    description: str
    arguments: type[A]
    run: Callable[[Desk, Any], Awaitable[Answer]]

    @property
    def words(self) -> ToolWords:
        """The tool as models are told of it."""
        return ToolWords(self.name, self.description, self.arguments.model_json_schema())
