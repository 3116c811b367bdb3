"""Anthropic's messages: how a conversation is written there, and how a streamed answer is read."""

from typing import Any

from bailiwick.control.studio.errors import AnswerError
from bailiwick.control.studio.wire import (
    BROKEN,
    CUT,
    LONGEST_NAME,
    Gathered,
    Heard,
    Reader,
    Request,
    Said,
    arguments_of,
    document_of,
    require_no_error,
)

_VERSION = "2023-06-01"  # the version of Anthropic's API, which is stated with each request


class _MessagesReader:
    def __init__(self) -> None:
        self._got = Gathered()
        self._whole = False

    def take(self, data: str) -> str:
        document = document_of(data)
        require_no_error(document)
        try:
            return self._piece(document)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise AnswerError(BROKEN) from None

    def _piece(self, document: dict[str, Any]) -> str:
        got = self._got
        match document.get("type"):
            case "message_start":
                message = document["message"]
                got.model = str(message.get("model") or "")[:LONGEST_NAME]
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
            raise AnswerError(CUT)
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
