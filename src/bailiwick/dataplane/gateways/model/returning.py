"""An answer on its way back: every string of it looked through, and values put back where the model wrote their names.

Whole documents are held until they are whole. A stream tells its texts in pieces, and a value, or what stands for one,
may lie in two of them: of each text a bounded end is held back; where the text ends with it, it follows in an event
like the one before. What is not JSON is looked through as the text that it is.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.redaction import AnswerSearch, TextStream
from bailiwick.dataplane.gateways.model.conversation import tools_called
from bailiwick.dataplane.gateways.model.documents import fields_in, rebuilt, strings_in
from bailiwick.dataplane.gateways.model.pieces import (
    Piece,
    ends_texts,
    pieces_of,
    telling,
    without_logprobs,
    writer_of,
)
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# An answer that is no stream is held until it is whole, as is a line of a stream.
_MOST_HELD_BYTES = 32 * 2**20
# What must come back to the server as it was, letter by letter: what a model thought, signed or encrypted.
_OPAQUE = frozenset({"signature", "encrypted_content", "encrypted_index", "data"})
_LETTERS = re.compile(r"[A-Za-z0-9+/=_-]{64,}")
_PLAIN = re.compile(rb"(?:(?:event|id|retry)?: ?[A-Za-z_. ]{0,60}\r?\n?)+")
# Of how many sets of strings, such as the names and ids in each event of a stream, it is kept that nothing is in them.
_MOST_CLEAN, _MOST_STRINGS = 64, 100
_MOST_TEXTS = 1000


@dataclass(slots=True)
class _Text:
    """A text of a stream, and the last event that told of it."""

    stream: TextStream
    name: bytes = b""
    event: dict[str, Any] = field(default_factory=dict)


class Returning:
    """One answer on its way back. `require_tool` raises for tools that the model may not use. Any fault in the search
    is a `CallRefusedError`: nothing goes on after it.
    """

    def __init__(self, search: AnswerSearch, require_tool: Callable[[str], None], *, streamed: bool) -> None:
        self._search = search
        self._require_tool = require_tool
        self._streamed = streamed
        self._bytes = bytearray()
        self._event: list[bytes] = []
        self._texts: dict[tuple[object, ...], _Text] = {}
        self._clean: set[tuple[str, ...]] = set()
        self._tools: set[str] = set()

    @property
    def held_bytes(self) -> int:
        """How much is held of what came."""
        return len(self._bytes)

    def feed(self, data: bytes) -> bytes:
        """Return what may go on; raise `CallRefusedError` for an answer that cannot be looked through."""
        self._bytes += data
        if len(self._bytes) > _MOST_HELD_BYTES:
            raise CallRefusedError(502, "the answer is too large to be looked through")
        if not self._streamed:
            return b""
        *lines, rest = self._bytes.split(b"\n")
        self._bytes = bytearray(rest)
        try:
            return b"".join(self._line(bytes(line)) for line in lines)
        except Exception as fault:
            raise _not_looked_through(fault) from None

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        left = bytes(self._bytes)
        self._bytes.clear()
        try:
            return self._last_lines(left) if self._streamed else self._document(left)
        except Exception as fault:
            raise _not_looked_through(fault) from None

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _last_lines(self, left: bytes) -> bytes:
        out = self._line(left) if left else b""
        lines, self._event = self._event, []
        return out + self._flushed() + (self._whole_event(lines) if lines else b"")

    def _document(self, written: bytes) -> bytes:
        keys = _Keys()
        try:
            document = json.loads(written, object_pairs_hook=keys.take)
        except (ValueError, RecursionError):
            return self._text(written)
        self._require_tools(document)
        shown = self._shown(document)
        # Of two keys of the same name only the one that was looked at goes on.
        return written if shown is document and not keys.twice else _dumped(shown)

    def _require_tools(self, document: Any) -> None:
        for tool in tools_called(document):
            if tool not in self._tools:
                self._require_tool(tool)
                self._tools.add(tool)

    def _text(self, written: bytes) -> bytes:
        """Return what is no JSON with what must not be seen masked."""
        text = written.decode(errors="surrogateescape")
        [shown] = self._search.masked([text], [str])
        return written if shown == text else shown.encode(errors="surrogateescape")

    def _line(self, line: bytes) -> bytes:
        """Take a line; an event ends with an empty one (WHATWG HTML, section 9.2.6)."""
        if line.rstrip(b"\r"):
            self._event.append(line)
            return b""
        lines, self._event = self._event, []
        return self._whole_event(lines) + line + b"\n" if lines else line + b"\n"

    def _whole_event(self, lines: list[bytes]) -> bytes:
        told = [line for line in lines if line.startswith(b"data:")]
        others = [line for line in lines if not line.startswith(b"data:")]
        before = self._named(others)
        keys = _Keys()
        try:
            document = json.loads(b"\n".join(line[5:] for line in told), object_pairs_hook=keys.take) if told else None
        except (ValueError, RecursionError):
            # The end of chat's streams is a word of its own; a sign of life ends no text.
            return self._flushed() + before + b"".join(self._text(line) + b"\n" for line in told)
        if not isinstance(document, dict):
            return before + (b"data: " + _dumped(self._shown(document)) + b"\n" if told else b"")
        name = next((line for line in others if line.startswith(b"event:")), b"")
        self._require_tools(document)
        ended = self._flushed() if ends_texts(document) else b""
        shown, changed = self._event_shown(document, name)
        if changed or keys.twice:
            return ended + before + b"data: " + _dumped(shown) + b"\n"
        return ended + before + b"".join(line + b"\n" for line in told)

    def _named(self, lines: list[bytes]) -> bytes:
        """Return the lines of an event that are no data: its name, or a sign of life."""
        written = b"\n".join(lines)
        if not written:
            return b""
        return (written if _PLAIN.fullmatch(written) else self._text(written)) + b"\n"

    def _event_shown(self, document: dict[str, Any], name: bytes) -> tuple[dict[str, Any], bool]:
        """Return an event as it goes on, and whether it is another than the one that came."""
        came = [(piece, piece.holder[piece.field]) for piece in pieces_of(document)]
        for piece, _ in came:
            piece.holder[piece.field] = ""
        shown = self._shown(document)
        changed = shown is not document
        for piece, (_, words) in zip(pieces_of(shown), came, strict=True):
            passed = self._piece(piece, words, name, shown)
            if passed != words:
                changed = True
                piece.around |= without_logprobs(piece.around)
            piece.holder[piece.field] = passed
        return shown, changed

    def _piece(self, piece: Piece, words: str, name: bytes, event: dict[str, Any]) -> str:
        """Return what may go on of a text once a piece of it came."""
        if len(self._texts) >= _MOST_TEXTS:
            raise ValueError("too many texts at once")
        text = self._texts.setdefault(piece.text, _Text(TextStream(self._search, piece.write)))
        text.name, text.event = name, event
        passed = text.stream.feed(words)
        return passed + text.stream.rest() if piece.last else passed

    def _flushed(self) -> bytes:
        """Return what is held of all texts, each in an event like the one that it came in."""
        out = b""
        for key, text in self._texts.items():
            if text.stream.holds:
                told = _dumped(telling(text.event, key, text.stream.rest()))
                out += (text.name + b"\n" if text.name else b"") + b"data: " + told + b"\n\n"
        return out

    def _shown(self, document: Any) -> Any:
        """Return a document as it goes on: itself, where nothing in it is another."""
        strings = strings_in(document)
        known = tuple(strings) if len(strings) <= _MOST_STRINGS else ()
        if known and known in self._clean:
            return document
        fields = list(fields_in(document))
        looked = [place for place, text in enumerate(strings) if not _is_opaque(fields[place], text)]
        found = self._search.counts.total()
        shown = self._search.masked([strings[place] for place in looked], [writer_of(fields[at]) for at in looked])
        if all(strings[place] == text for place, text in zip(looked, shown, strict=True)):
            if known and len(self._clean) < _MOST_CLEAN:
                self._clean.add(known)
            return document
        for place, text in zip(looked, shown, strict=True):
            strings[place] = text
        made = rebuilt(document, iter(strings))
        return _without_any_logprobs(made) if self._search.counts.total() > found else made


class _Keys:
    """Reads objects, and notes whether one names a field twice: nobody knows which of them another reader takes."""

    def __init__(self) -> None:
        self.twice = False

    def take(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object of its pairs."""
        made = dict(pairs)
        self.twice = self.twice or len(made) < len(pairs)
        return made


def _is_opaque(field: str, text: str) -> bool:
    """Return whether a text is only for the server that made it: what a model thought, signed or encrypted."""
    return field in _OPAQUE and _LETTERS.fullmatch(text) is not None


def _without_any_logprobs(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_any_logprobs(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_any_logprobs(item) for key, item in without_logprobs(value).items()}
    return value


def _not_looked_through(fault: Exception) -> CallRefusedError:
    if isinstance(fault, CallRefusedError):
        return fault
    words = f"the answer could not be looked through for secrets ({type(fault).__name__}), so no more is shown"
    return CallRefusedError(502, words, hint="try again", deciders=("redaction-before-showing",))


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
