"""The texts that events of a stream tell in pieces, on every wire, and which events end them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Write = Callable[[str], str]
# Fields whose text is JSON itself: arguments that a tool is called with.
_JSON_TEXTS = frozenset({"arguments", "partial_json"})
_RESPONSE_PLACES = ("item_id", "output_index", "content_index", "summary_index")
_MESSAGE_TEXTS = ("text", "thinking", "partial_json")
# What a piece of chat tells once and whole.
_WHOLE = frozenset({"role", "id", "name", "type", "format", "signature", "data", "encrypted_content"})
_ENDS = (".done", ".completed", ".incomplete", ".failed", "_stop")


@dataclass(slots=True)
class Piece:
    """A text that comes in pieces: where it is in its event, which text it is a piece of, and how values are written in
    it. With `last`, nothing follows. `around` holds what else the event says of the text.
    """

    holder: dict[str, Any]
    field: str
    text: tuple[object, ...]
    around: dict[str, Any]
    last: bool = False

    @property
    def write(self) -> Write:
        """How a value is written in it."""
        return in_json if self.field in _JSON_TEXTS or "arguments" in str(self.text[0]) else str


def pieces_of(event: dict[str, Any]) -> Iterator[Piece]:
    """Yield the texts that an event of any of the wires tells a piece of."""
    delta, kind = event.get("delta"), event.get("type")
    if isinstance(delta, str) and isinstance(kind, str):
        yield Piece(event, "delta", (kind, *(event.get(place) for place in _RESPONSE_PLACES)), event)
    elif isinstance(delta, dict):
        for field in _MESSAGE_TEXTS:
            if isinstance(delta.get(field), str):
                yield Piece(delta, field, (event.get("index"), field), event)
    for choice in dicts_in(event.get("choices")):
        yield from _pieces_within(choice.get("delta"), (choice.get("index"),), choice)


def telling(event: dict[str, Any], text: tuple[object, ...], words: str) -> dict[str, Any]:
    """Return an event like another that tells a piece of one text and nothing else."""
    if "choices" in event:
        choice = {"index": text[0], "delta": _at(text[1:], words), "finish_reason": None}
        return {**{name: value for name, value in event.items() if name != "usage"}, "choices": [choice]}
    delta = event["delta"]
    told = {**event, "delta": words if isinstance(delta, str) else {**delta, str(text[1]): words}}
    return without_logprobs(told)


def ends_texts(event: dict[str, Any]) -> bool:
    """Return whether what came in pieces is whole with an event that tells no piece."""
    kind = event.get("type")
    if not isinstance(kind, str):
        return any(choice.get("finish_reason") for choice in dicts_in(event.get("choices")))
    return kind.endswith(_ENDS) or kind in {"message_delta", "error"}


def without_logprobs(around: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a text without its tokens one by one, which would tell what is masked in it."""
    told = around.get("logprobs")
    return around if not told else {**around, "logprobs": [] if isinstance(told, list) else None}


def writer_of(field: str) -> Write:
    """Return how a value is written into the text of a field."""
    return in_json if field in _JSON_TEXTS else str


def in_json(value: str) -> str:
    """Return a value as it is written within a string of JSON."""
    return json.dumps(value)[1:-1]


def dicts_in(value: object) -> Iterator[dict[str, Any]]:
    """Yield the objects in a list, nothing for what is none."""
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _pieces_within(value: object, text: tuple[object, ...], choice: dict[str, Any]) -> Iterator[Piece]:
    """Yield every text in what a choice tells: words, reasoning, arguments of tools, transcripts."""
    if isinstance(value, dict):
        for field, item in value.items():
            if isinstance(item, str) and field not in _WHOLE:
                yield Piece(value, field, (*text, field), choice, bool(choice.get("finish_reason")))
            else:
                yield from _pieces_within(item, (*text, field), choice)
    elif isinstance(value, list):
        for place, item in enumerate(dicts_in(value)):
            yield from _pieces_within(item, (*text, item.get("index", place)), choice)


def _at(path: tuple[object, ...], words: str) -> Any:
    """Return words at their place in what a choice tells: fields by name, items of lists by number."""
    if not path:
        return words
    inner = _at(path[1:], words)
    return {path[0]: inner} if isinstance(path[0], str) else [{"index": path[0], **inner}]
