"""Puts values back into an answer where the model wrote what stands for them: in whole documents and in streams.

A stream tells its texts in pieces, and what stands for a value may lie in two of them. Of each text at most the
beginning of one such name is held back; where the text ends with it, it follows in an event like the one before.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bailiwick.core.redaction import Placeholders
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# An answer that is no stream is held until it is whole, as is a line of a stream.
_MOST_HELD_BYTES = 32 * 2**20
# Fields whose text is JSON itself: arguments that a tool is called with.
_JSON_TEXTS = frozenset({"arguments", "partial_json"})
_RESPONSE_PLACES = ("item_id", "output_index", "content_index", "summary_index")
# What must come back to the server as it was, letter by letter.
_UNTOUCHED = frozenset({"signature", "encrypted_content", "data"})
_MESSAGE_TEXTS = ("text", "thinking", "partial_json")
_Write = Callable[[str], str]


@dataclass(slots=True)
class Piece:
    """A text that comes in pieces: where it is in its event, and which text it is a piece of."""

    holder: dict[str, Any]
    field: str
    text: tuple[object, ...]
    write: _Write


@dataclass(slots=True)
class _Held:
    """The end of a text that may be the beginning of a name, and the event that it came in."""

    end: str
    name: bytes
    event: dict[str, Any]


class Restoring:
    """One answer on its way back. Without names that stand for anything it passes as it is."""

    def __init__(self, names: Placeholders, *, streamed: bool) -> None:
        self._names = names
        self._streamed = streamed
        self._bytes = bytearray()
        self._event: list[bytes] = []
        self._held: dict[tuple[object, ...], _Held] = {}

    def feed(self, data: bytes) -> bytes:
        """Return what may go on; raise `CallRefusedError` for an answer too large to be looked through."""
        self._bytes += data
        if not self._streamed:
            self._require_room()
            return b""
        *lines, rest = self._bytes.split(b"\n")
        self._bytes = bytearray(rest)
        self._require_room()
        return b"".join(self._line(bytes(line)) for line in lines)

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        left = bytes(self._bytes)
        self._bytes.clear()
        if not self._streamed:
            return self._document(left)
        out = self._line(left) if left else b""
        lines, self._event = self._event, []
        return out + self._flushed() + b"\n".join([*lines, b""] if lines else [])

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _require_room(self) -> None:
        if len(self._bytes) > _MOST_HELD_BYTES:
            raise CallRefusedError(502, "the answer is too large for values to be put back into it")

    def _document(self, written: bytes) -> bytes:
        if b"[" not in written:
            return written
        try:
            document = json.loads(written)
        except (ValueError, RecursionError):
            return written
        return _dumped(self._whole(document))

    def _line(self, line: bytes) -> bytes:
        """Take a line; an event ends with an empty one (WHATWG HTML, section 9.2.6)."""
        if line.rstrip(b"\r"):
            self._event.append(line)
            return b""
        lines, self._event = self._event, []
        return self._whole_event(lines) + line + b"\n" if lines else line + b"\n"

    def _whole_event(self, lines: list[bytes]) -> bytes:
        told = [line for line in lines if line.startswith(b"data:")]
        as_it_is = b"".join(line + b"\n" for line in lines)
        if not told:
            return as_it_is
        try:
            document = json.loads(b"\n".join(line[5:] for line in told))
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            return self._flushed() + as_it_is
        if pieces := list(pieces_of(document)):
            name = next((line for line in lines if line.startswith(b"event:")), b"")
            before, changed = b"", sum(self._piece(piece, name, document) for piece in pieces) > 0
        else:
            # Whatever is no piece ends what came in pieces, but for a sign of life.
            before = self._flushed() if document.get("type") != "ping" else b""
            whole = self._whole(document) if b"[" in as_it_is else document
            changed, document = whole != document, whole
        if not changed:
            return before + as_it_is
        others = b"".join(line + b"\n" for line in lines if not line.startswith(b"data:"))
        return before + others + b"data: " + _dumped(document) + b"\n"

    def _piece(self, piece: Piece, name: bytes, event: dict[str, Any]) -> bool:
        """Put values back into a piece, and hold its end back where that may be the beginning of a name."""
        held = self._held.pop(piece.text, None)
        came = piece.holder[piece.field]
        text = (held.end if held is not None else "") + came
        end = self._names.begun(text)
        piece.holder[piece.field] = self._names.restore(text[:end], piece.write)
        if end < len(text):
            self._held[piece.text] = _Held(text[end:], name, event)
        return bool(piece.holder[piece.field] != came)

    def _flushed(self) -> bytes:
        """Return what is held of all texts, each in an event like the one that it came in."""
        held, self._held = self._held, {}
        out = b""
        for text, item in held.items():
            event = json.loads(_dumped(item.event))
            for piece in pieces_of(event):
                piece.holder[piece.field] = item.end if piece.text == text else ""
            out += (item.name + b"\n" if item.name else b"") + b"data: " + _dumped(event) + b"\n\n"
        return out

    def _whole(self, value: Any, write: _Write = str) -> Any:
        """Return a document with values in all of its texts."""
        if isinstance(value, str):
            return self._names.restore(value, write)
        if isinstance(value, list):
            return [self._whole(item) for item in value]
        if isinstance(value, dict):
            return {
                key: item if key in _UNTOUCHED else self._whole(item, _writer_of(key)) for key, item in value.items()
            }
        return value


def _writer_of(field: str) -> _Write:
    return _in_json if field in _JSON_TEXTS else str


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def pieces_of(event: dict[str, Any]) -> Iterator[Piece]:
    """Yield the texts that an event of any of the wires tells a piece of."""
    delta, kind = event.get("delta"), event.get("type")
    if isinstance(delta, str) and isinstance(kind, str):
        text = (kind, *(event.get(place) for place in _RESPONSE_PLACES))
        yield Piece(event, "delta", text, _in_json if "arguments" in kind else str)
    elif isinstance(delta, dict):
        for field in _MESSAGE_TEXTS:
            if isinstance(delta.get(field), str):
                yield Piece(delta, field, (event.get("index"), field), _writer_of(field))
    for choice in _dicts(event.get("choices")):
        if isinstance(choice.get("delta"), dict):
            yield from _pieces_of_choice(choice["delta"], choice.get("index"))


def _pieces_of_choice(delta: dict[str, Any], index: object) -> Iterator[Piece]:
    for field, value in delta.items():
        if isinstance(value, str) and field != "role":
            yield Piece(delta, field, (index, field), str)
    for call in _dicts(delta.get("tool_calls")):
        function = call.get("function")
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            yield Piece(function, "arguments", (index, "tool", call.get("index")), _in_json)


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
