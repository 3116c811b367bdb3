"""OpenAI's chat completions: how a conversation is written there, and how a streamed answer is read."""

from collections.abc import Iterator
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
    document_of,
    good_arguments,
    require_no_error,
)


class _ChatReader:
    def __init__(self) -> None:
        self._got = Gathered()

    def take(self, data: str) -> str:
        if data.strip() == "[DONE]":
            return ""
        document = document_of(data)
        require_no_error(document)
        try:
            return "".join(self._pieces(document))
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            raise AnswerError(BROKEN) from None

    def _pieces(self, document: dict[str, Any]) -> Iterator[str]:
        got = self._got
        got.model = got.model or str(document.get("model") or "")[:LONGEST_NAME]
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
            raise AnswerError(CUT)
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
                {"id": it.id, "type": "function", "function": {"name": it.name, "arguments": good_arguments(it)}}
                for it in item.calls
            ]
        return said

    def reader(self) -> Reader:
        """Return what reads one answer."""
        return _ChatReader()
