"""How a question is written on each wire, and how an answer is read from it: pure, and nothing is translated.

OpenAI chat completions and responses with a JSON schema as the form of the answer; Anthropic messages with one tool
that must be used. An answer that was cut, refused or is no JSON is a `ModelError`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.control.inference.errors import ModelError
from bailiwick.control.inference.model import Answer, Question, Route, Wire

_VERSION = "2023-06-01"  # the version of Anthropic's API, which is stated with each request


@dataclass(frozen=True, slots=True)
class Form:
    """One wire: where questions go, with which headers and body, and how answers are read."""

    path: str
    headers: Callable[[str], dict[str, str]]
    body: Callable[[Route, Question], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], Answer]


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _api_key(key: str) -> dict[str, str]:
    return {"anthropic-version": _VERSION, **({"x-api-key": key} if key else {})}


def _chat_body(route: Route, question: Question) -> dict[str, Any]:
    schema = {"name": question.name, "strict": True, "schema": question.schema}
    return {
        "model": route.name,
        "messages": [
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.text},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": route.most_output_tokens,
    }


def _read_chat(document: Mapping[str, Any]) -> Answer:
    choice = document["choices"][0]
    message = choice["message"]
    _require_whole(choice["finish_reason"] == "stop", message.get("refusal"))
    usage = document["usage"]
    return Answer(_json(message["content"]), int(usage["prompt_tokens"]), int(usage["completion_tokens"]))


def _responses_body(route: Route, question: Question) -> dict[str, Any]:
    form = {"type": "json_schema", "name": question.name, "strict": True, "schema": question.schema}
    return {
        "model": route.name,
        "instructions": question.instructions,
        "input": [{"role": "user", "content": question.text}],
        "text": {"format": form},
        "max_output_tokens": route.most_output_tokens,
        "store": False,
    }


def _read_responses(document: Mapping[str, Any]) -> Answer:
    parts = [part for item in document["output"] if item["type"] == "message" for part in item["content"]]
    refused = next((part["refusal"] for part in parts if part["type"] == "refusal"), None)
    _require_whole(document["status"] == "completed", refused)
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    usage = document["usage"]
    return Answer(_json(text), int(usage["input_tokens"]), int(usage["output_tokens"]))


def _messages_body(route: Route, question: Question) -> dict[str, Any]:
    tool = {"name": question.name, "description": "Give the answer.", "input_schema": question.schema}
    return {
        "model": route.name,
        "system": question.instructions,
        "messages": [{"role": "user", "content": question.text}],
        "tools": [tool],
        "tool_choice": {"type": "tool", "name": question.name},
        "max_tokens": route.most_output_tokens,
    }


def _read_messages(document: Mapping[str, Any]) -> Answer:
    used = next((part["input"] for part in document["content"] if part["type"] == "tool_use"), None)
    refusal = "refusal" if document["stop_reason"] == "refusal" else None
    _require_whole(used is not None and document["stop_reason"] == "tool_use", refusal)
    usage = document["usage"]
    return Answer(used, int(usage["input_tokens"]), int(usage["output_tokens"]))


FORMS: Mapping[Wire, Form] = {
    Wire.OPENAI_CHAT: Form("/chat/completions", _bearer, _chat_body, _read_chat),
    Wire.OPENAI_RESPONSES: Form("/responses", _bearer, _responses_body, _read_responses),
    Wire.ANTHROPIC: Form("/messages", _api_key, _messages_body, _read_messages),
}


def read_answer(wire: Wire, body: bytes) -> Answer:
    """Return the answer in a body; raise `ModelError` for a refusal, a part of an answer, or anything else."""
    try:
        document = json.loads(body)
        return FORMS[wire].read(document)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as fault:
        raise ModelError("the model's answer is not of the form that its wire has") from fault


def _require_whole(whole: bool, refusal: object) -> None:
    if refusal:
        raise ModelError("the model refused to answer")
    if not whole:
        raise ModelError("the model's answer was cut off")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as fault:
        raise ModelError("the model did not answer in JSON") from fault
