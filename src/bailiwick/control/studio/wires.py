"""How a conversation is written on each wire, and how a streamed answer is read from it: pure, nothing is translated.

OpenAI chat completions and Anthropic messages, both streamed as server-sent events. What is no event of the wire, or
stops in the midst of an answer, is an `AnswerError`.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bailiwick.control.studio.errors import AnswerError
from bailiwick.control.studio.model import ToolCall

_VERSION = "2023-06-01"  # the version of Anthropic's API, which is stated with each request
_MOST_CALLS = 32
_LONGEST_NAME = 200
_BROKEN = "the model's answer is not of the form that its wire has"
_CUT = "the model's answer broke off in the midst"


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
class _Gathered:
    """What was read so far."""

    text: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    ended: str = ""

    def call(self, index: int) -> _Call:
        if index not in self.calls and len(self.calls) >= _MOST_CALLS:
            raise AnswerError(f"the model asked for more than {_MOST_CALLS} tools at once")
        return self.calls.setdefault(index, _Call())

    def heard(self, *, cut: bool) -> Heard:
        calls = tuple(
            ToolCall((call.id or f"call_{number}")[:_LONGEST_NAME], call.name[:_LONGEST_NAME], call.arguments)
            for number, (_, call) in enumerate(sorted(self.calls.items()))
        )
        return Heard("".join(self.text), calls, self.tokens_in, self.tokens_out, self.model, cut)


def _document(data: str) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise AnswerError(_BROKEN) from None
    if not isinstance(document, dict):
        raise AnswerError(_BROKEN)
    return document


def _require_no_error(document: Mapping[str, Any]) -> None:
    """Raise for a fault in a stream. What the model's server says of it may be anything, and is not repeated."""
    if document.get("error"):
        raise AnswerError("the model's server gave up in the midst of its answer")


class _ChatReader:
    def __init__(self) -> None:
        self._got = _Gathered()

    def take(self, data: str) -> str:
        if data.strip() == "[DONE]":
            return ""
        document = _document(data)
        _require_no_error(document)
        try:
            return "".join(self._pieces(document))
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            raise AnswerError(_BROKEN) from None

    def _pieces(self, document: dict[str, Any]) -> Iterator[str]:
        got = self._got
        got.model = got.model or str(document.get("model") or "")[:_LONGEST_NAME]
        usage = document.get("usage")
        if usage:
            got.tokens_in, got.tokens_out = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
        for choice in document.get("choices") or ():
            delta = choice.get("delta") or {}
            for item in delta.get("tool_calls") or ():
                call, said = got.call(int(item["index"])), item.get("function") or {}
                call.id = call.id or str(item.get("id") or "")
                call.name = call.name or str(said.get("name") or "")
                call.arguments += str(said.get("arguments") or "")
            text = str(delta.get("content") or "")
            got.text.append(text)
            got.ended = str(choice.get("finish_reason") or got.ended)
            yield text

    def heard(self) -> Heard:
        if self._got.ended == "content_filter":
            raise AnswerError("the model refused to answer")
        if not self._got.ended:
            raise AnswerError(_CUT)
        return self._got.heard(cut=self._got.ended == "length")


class ChatWire:
    """OpenAI chat completions."""

    path = "/chat/completions"

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers with a token."""
        return {"authorization": f"Bearer {token}"}

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body."""
        tools = [
            {"type": "function",
             "function": {"name": it.name, "description": it.description, "parameters": dict(it.schema)}}
            for it in request.tools
        ]  # fmt: skip
        return {
            "model": request.model,
            "messages": [
                {"role": "system", "content": request.instructions},
                *(self._message(item) for item in request.messages),
            ],
            "tools": tools,
            "max_completion_tokens": request.most_output_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    @staticmethod
    def _message(item: Said) -> dict[str, Any]:
        if item.role == "tool":
            return {"role": "tool", "tool_call_id": item.call_id, "content": item.text}
        if item.picture is not None:
            url = f"data:{item.picture.media_type};base64,{item.picture.base64}"
            parts = [{"type": "text", "text": item.text}, {"type": "image_url", "image_url": {"url": url}}]
            return {"role": item.role, "content": parts}
        said: dict[str, Any] = {"role": item.role, "content": item.text}
        if item.calls:
            said["tool_calls"] = [
                {"id": it.id, "type": "function", "function": {"name": it.name, "arguments": _good_arguments(it)}}
                for it in item.calls
            ]
        return said

    def reader(self) -> Reader:
        """Return what reads one answer."""
        return _ChatReader()


class _MessagesReader:
    def __init__(self) -> None:
        self._got = _Gathered()
        self._whole = False

    def take(self, data: str) -> str:
        document = _document(data)
        _require_no_error(document)
        try:
            return self._piece(document)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise AnswerError(_BROKEN) from None

    def _piece(self, document: dict[str, Any]) -> str:
        got = self._got
        match document.get("type"):
            case "message_start":
                message = document["message"]
                got.model = str(message.get("model") or "")[:_LONGEST_NAME]
                used = message["usage"]
                kept = (used.get("cache_read_input_tokens") or 0, used.get("cache_creation_input_tokens") or 0)
                got.tokens_in = int(used["input_tokens"]) + sum(map(int, kept))
            case "content_block_start" if document["content_block"].get("type") == "tool_use":
                call = got.call(int(document["index"]))
                call.id, call.name = str(document["content_block"]["id"]), str(document["content_block"]["name"])
            case "content_block_delta":
                delta = document["delta"]
                if delta.get("type") == "input_json_delta":
                    got.call(int(document["index"])).arguments += str(delta["partial_json"])
                elif delta.get("type") == "text_delta":
                    got.text.append(str(delta["text"]))
                    return got.text[-1]
            case "message_delta":
                got.ended = str(document["delta"].get("stop_reason") or got.ended)
                got.tokens_out = int((document.get("usage") or {}).get("output_tokens") or got.tokens_out)
            case "message_stop":
                self._whole = True
        return ""

    def heard(self) -> Heard:
        if self._got.ended == "refusal":
            raise AnswerError("the model refused to answer")
        if not self._whole or not self._got.ended:
            raise AnswerError(_CUT)
        return self._got.heard(cut=self._got.ended == "max_tokens")


class MessagesWire:
    """Anthropic messages."""

    path = "/messages"

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers with a token."""
        return {"anthropic-version": _VERSION, "x-api-key": token}

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body; answers of tools that stand together go in one message of the user."""
        messages: list[dict[str, Any]] = []
        for item in request.messages:
            role, blocks = ("user" if item.role == "tool" else item.role), self._blocks(item)
            if messages and messages[-1]["role"] == role:
                messages[-1]["content"] += blocks
            elif blocks:
                messages.append({"role": role, "content": blocks})
        return {
            "model": request.model,
            "system": request.instructions,
            "messages": messages,
            "tools": [
                {"name": it.name, "description": it.description, "input_schema": dict(it.schema)}
                for it in request.tools
            ],
            "max_tokens": request.most_output_tokens,
            "stream": True,
        }

    @staticmethod
    def _blocks(item: Said) -> list[dict[str, Any]]:
        if item.role == "tool":
            said = {"type": "tool_result", "tool_use_id": item.call_id, "content": item.text}
            return [{**said, "is_error": True} if item.failed else said]
        blocks: list[dict[str, Any]] = [{"type": "text", "text": item.text}] if item.text.strip() else []
        if item.picture is not None:
            source = {"type": "base64", "media_type": item.picture.media_type, "data": item.picture.base64}
            blocks.append({"type": "image", "source": source})
        blocks += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments_of(call) or {}}
            for call in item.calls
        ]
        return blocks

    def reader(self) -> Reader:
        """Return what reads one answer."""
        return _MessagesReader()


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """Return what a model gives to a tool, None where that is no JSON object."""
    try:
        found = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _good_arguments(call: ToolCall) -> str:
    """Return arguments as they go back to a model's server: some servers take none that are no JSON."""
    return call.arguments if call.arguments and arguments_of(call) is not None else "{}"


WIRES: Mapping[str, Wire] = {"openai": ChatWire(), "anthropic": MessagesWire()}
