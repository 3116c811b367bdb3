"""What every wire speaks of: messages, tools, requests and answers, and what of a stream was read so far. Pure.

What is no event of its wire, or stops in the midst of an answer, is an `AnswerError`.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bailiwick.control.studio.errors import AnswerError
from bailiwick.control.studio.model import ToolCall

_MOST_CALLS = 32
LONGEST_NAME = 200
BROKEN = "the model's answer is not of the form that its wire has"
CUT = "the model's answer broke off in the midst"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as models get it."""

    media_type: str
    content: bytes

    @property
    def base64(self) -> str:
        """Its bytes in base64."""
        return base64.b64encode(self.content).decode()


@dataclass(frozen=True, slots=True)
class Said:
    """A message: of the person (`user`), of the model with what it calls (`assistant`), or a tool's answer (`tool`)."""

    role: str
    text: str
    picture: Picture | None = None
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ToolWords:
    """A tool as models are told of it."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """All that a model gets."""

    model: str
    instructions: str
    messages: Sequence[Said]
    tools: Sequence[ToolWords]
    most_output_tokens: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole answer. `cut` says that it reached the most tokens that it may have, `route` whose it is."""

    text: str
    calls: tuple[ToolCall, ...]
    tokens_in: int
    tokens_out: int
    model: str
    cut: bool
    route: str = ""


class Reader(Protocol):
    """Reads the events of one answer."""

    def take(self, data: str) -> str:
        """Take the data of an event; return the text that it adds."""

    def heard(self) -> Heard:
        """Return the answer; raise `AnswerError` when it is not whole."""


class Wire(Protocol):
    """One wire: where requests go, with which headers and body, and what reads answers."""

    path: str

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers with a token."""

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body."""

    def reader(self) -> Reader:
        """Return what reads one answer."""


def data_of_events(lines: Sequence[str]) -> str | None:
    """Return the data of one event, of its lines; None where it has none (a comment, a ping)."""
    found = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
    return "\n".join(found) if found else None


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class Gathered:
    """What was read so far."""

    text: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    ended: str = ""

    def call(self, index: int) -> _Call:
        """Return a call by its place in the answer, a new one where there is none yet."""
        if index not in self.calls and len(self.calls) >= _MOST_CALLS:
            raise AnswerError(f"the model asked for more than {_MOST_CALLS} tools at once")
        return self.calls.setdefault(index, _Call())

    def heard(self, *, cut: bool) -> Heard:
        """Return all of it as an answer."""
        calls = tuple(
            ToolCall((call.id or f"call_{number}")[:LONGEST_NAME], call.name[:LONGEST_NAME], call.arguments)
            for number, (_, call) in enumerate(sorted(self.calls.items()))
        )
        return Heard("".join(self.text), calls, self.tokens_in, self.tokens_out, self.model, cut)


def document_of(data: str) -> dict[str, Any]:
    """Return the JSON object in an event's data; raise `AnswerError` where there is none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise AnswerError(BROKEN) from None
    if not isinstance(document, dict):
        raise AnswerError(BROKEN)
    return document


def require_no_error(document: Mapping[str, Any]) -> None:
    """Raise for a fault in a stream. What the model's server says of it may be anything, and is not repeated."""
    if document.get("error"):
        raise AnswerError("the model's server gave up in the midst of its answer")


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """Return what a model gives to a tool, None where that is no JSON object."""
    try:
        found = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def good_arguments(call: ToolCall) -> str:
    """Return arguments as they go back to a model's server: some servers take none that are no JSON."""
    return call.arguments if call.arguments and arguments_of(call) is not None else "{}"
