"""Prompts and answers in the form that the conventions give to messages: who speaks, and parts of text.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, gen_ai.input.messages and gen_ai.output.messages.
Parts that are no text are named by their type alone.
"""

import json
from collections.abc import Iterator
from typing import Any

MOST_CHARACTERS = 64 * 1024


def input_messages(prompt: str) -> str:
    """Return a body as it was sent, as JSON of messages; what is no body that is known is one part of text."""
    document = _document(prompt)
    said = [*_instructions(document), *_messages(document)]
    return _written(said or [_message("user", prompt)])


def output_messages(answer: str, *, streamed: bool) -> str:
    """Return an answer as JSON of messages: of a stream its texts, else what the body says."""
    document = {} if streamed else _document(answer)
    texts = list(_answered(document))
    return _written([_message("assistant", text) for text in texts or [answer]])


def _instructions(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("system", "instructions"):
        if document.get(name):
            yield {"role": "system", "parts": _parts(document[name])}


def _messages(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    told = document.get("messages", document.get("input"))
    if isinstance(told, str):
        yield _message("user", told)
    for item in told if isinstance(told, list) else ():
        if isinstance(item, dict):
            yield {"role": str(item.get("role", "user")), "parts": _parts(item.get("content"))}
        elif isinstance(item, str):
            yield _message("user", item)


def _answered(document: dict[str, Any]) -> Iterator[str]:
    for choice in _list(document.get("choices")):
        message = choice.get("message")
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            yield message["content"]
    for item in (*_list(document.get("content")), *_list(document.get("output"))):
        if isinstance(item.get("text"), str):
            yield item["text"]
        for part in _list(item.get("content")):
            if isinstance(part.get("text"), str):
                yield part["text"]


def _parts(content: Any) -> list[dict[str, str]]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    return [
        {"type": "text", "content": item["text"]}
        if isinstance(item.get("text"), str)
        else {"type": str(item.get("type", "unknown"))[:40]}
        for item in _list(content)
    ]


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _written(messages: list[dict[str, Any]]) -> str:
    """Return messages as JSON; of a conversation that is too long, the last ones, of which one may be cut."""
    left = MOST_CHARACTERS
    kept: list[dict[str, Any]] = []
    for message in reversed(messages):
        if left <= 0:
            break
        parts = []
        for part in message["parts"]:
            text = part.get("content", "")[: max(0, left)]
            left -= len(text)
            parts.append({**part, "content": text} if "content" in part else part)
        kept.append({**message, "parts": parts})
    return json.dumps(kept[::-1], ensure_ascii=False)
