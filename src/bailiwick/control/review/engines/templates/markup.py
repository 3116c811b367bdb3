"""A reader of HTML with holes: says of any point of a page in what it stands, as a browser would read it.

It goes by the states of the HTML standard's tokeniser (section 13.2.5), as far as they matter for escaping. Holes are
what a template puts in; the text between them is fed in order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

_RAW = {"script": "script", "style": "style", "textarea": "text", "title": "text", "xmp": "text", "noscript": ""}
_TOKEN = re.compile(r"<!--|<(/?)([A-Za-z][^\s/>]*)|<[!?][^>]*>")
_MOST_ATTRIBUTES = 1_000


class Context(Enum):
    """Where a point of a page stands."""

    TEXT = "text"
    COMMENT = "comment"
    TAG = "tag"
    UNQUOTED = "unquoted"
    QUOTED = "quoted"
    SCRIPT = "script"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a page: its context, and for values of attributes whose and what stands before it.

    `before` is the text of the value, or of the script, up to here.
    """

    context: Context
    tag: str = ""
    attribute: str = ""
    before: str = ""


@dataclass(slots=True)
class Tag:
    """A tag read to its end: name, attributes (holes as NUL characters), line (from 1), and whether it closes."""

    name: str
    line: int
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


HOLE = "\0"


class Markup:
    """A page that is read piece by piece. Time is linear in the text."""

    def __init__(self) -> None:
        self._state = Context.TEXT
        self._tag: Tag | None = None
        self._attribute = ""
        self._quote = ""
        self._value: list[str] = []
        self._raw = ""
        self._bare = False  # whether an attribute's value comes next, after its "="
        self._line = 1
        self._seen: list[Tag] = []

    def place(self) -> Place:
        """Return where the next character, or hole, stands."""
        name = self._tag.name if self._tag else self._raw
        if self._state is Context.TAG and self._bare:
            return Place(Context.UNQUOTED, name, self._attribute)
        return Place(self._state, name, self._attribute, "".join(self._value[-20:]))

    def hole(self) -> None:
        """Read on over a hole."""
        if self._state is Context.TAG and self._bare:
            self._begin_value("")
        if self._state in {Context.QUOTED, Context.UNQUOTED, Context.SCRIPT}:
            self._value.append(HOLE)

    def tags(self) -> Iterator[Tag]:
        """Yield the tags that ended since the last call."""
        seen, self._seen = self._seen, []
        yield from seen

    def feed(self, text: str, line: int) -> None:
        """Read text that begins on a line of the file."""
        position = 0
        while position < len(text):
            read = {
                Context.TEXT: self._text,
                Context.COMMENT: self._comment,
                Context.TAG: self._in_tag,
                Context.UNQUOTED: self._unquoted,
                Context.QUOTED: self._quoted,
                Context.SCRIPT: self._script,
                Context.STYLE: self._script,
            }[self._state]
            self._line = line
            after = read(text, position)
            line += text.count("\n", position, after)
            position = after

    def _text(self, text: str, position: int) -> int:
        match = _TOKEN.search(text, position)
        if match is None:
            return len(text)
        self._line += text.count("\n", position, match.start())
        if match[0] == "<!--":
            self._state = Context.COMMENT
        elif match[2]:
            self._tag = Tag(match[2].lower(), self._line, bool(match[1]))
            self._state, self._attribute, self._bare = Context.TAG, "", False
        return match.end()

    def _comment(self, text: str, position: int) -> int:
        end = text.find("-->", position)
        if end < 0:
            return len(text)
        self._state = Context.TEXT
        return end + 3

    def _in_tag(self, text: str, position: int) -> int:
        character = text[position]
        if character.isspace() or (character == "/" and not self._bare):
            return position + 1
        if character == ">":
            self._end_tag()
            return position + 1
        if character == "=":
            self._bare = bool(self._attribute)
            return position + 1
        if self._bare:
            quoted = character in "\"'"
            self._begin_value(character if quoted else "")
            return position + 1 if quoted else position
        end = position
        while end < len(text) and not text[end].isspace() and text[end] not in "=>/":
            end += 1
        self._attribute = text[position:end].lower()
        if self._tag and len(self._tag.attributes) < _MOST_ATTRIBUTES:
            self._tag.attributes.setdefault(self._attribute, "")
            self._tag.lines.setdefault(self._attribute, self._line)
        return end

    def _begin_value(self, quote: str) -> None:
        self._state = Context.QUOTED if quote else Context.UNQUOTED
        self._quote, self._value, self._bare = quote, [], False

    def _quoted(self, text: str, position: int) -> int:
        end = text.find(self._quote, position)
        self._value.append(text[position:] if end < 0 else text[position:end])
        if end < 0:
            return len(text)
        self._end_value()
        return end + 1

    def _unquoted(self, text: str, position: int) -> int:
        end = position
        while end < len(text) and not text[end].isspace() and text[end] != ">":
            end += 1
        self._value.append(text[position:end])
        if end < len(text):
            self._end_value()
        return end

    def _end_value(self) -> None:
        if self._tag and self._attribute in self._tag.attributes:
            self._tag.attributes[self._attribute] = "".join(self._value)
        self._state, self._attribute, self._value = Context.TAG, "", []

    def _end_tag(self) -> None:
        tag = self._tag
        self._state, self._tag, self._attribute, self._bare, self._value = Context.TEXT, None, "", False, []
        if tag is None:
            return
        self._seen.append(tag)
        if not tag.closing and _RAW.get(tag.name) in {"script", "style"}:
            self._raw = tag.name
            self._state = Context.SCRIPT if tag.name == "script" else Context.STYLE

    def _script(self, text: str, position: int) -> int:
        match = re.compile(rf"</{self._raw}(?=[\s/>])", re.IGNORECASE).search(text, position)
        self._value.append(text[position:] if match is None else text[position : match.start()])
        if match is None:
            return len(text)
        self._line += text.count("\n", position, match.start())
        self._tag = Tag(self._raw, self._line, closing=True)
        self._state, self._raw, self._value, self._attribute = Context.TAG, "", [], ""
        return match.end()
