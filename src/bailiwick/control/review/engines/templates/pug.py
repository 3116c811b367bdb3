"""Pug, in which a page's tags are told by how far lines are indented, read as the page that it makes, with holes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.templates.model import Kind, Piece

_LONGEST_ATTRIBUTES = 20_000
# Tags in tags on one line that are read as such; what is deeper is text.
_DEEPEST_LINE = 20
_MOST_SPACE = 200
_KEYWORD = re.compile(
    r"^(?:(?:if|else|unless|case|when|default|each|for|while|extends|include|block|append|prepend|mixin|doctype)\b"
    r"(?![-.#(=:]|\s*=)|(?:if|unless|case|while|each|for)\s*\(|(?:else|default):|\+|-)"
)
_CASE = re.compile(r"^(?:when\s[^\n]+?|default|else):\s+(?=\S)")
_EACH = re.compile(r"^(?:each|for)\s+(\w+)(?:\s*,\s*\w+)?\s+(?:in|of)\s+(.+)$")
_NAME = re.compile(r"[A-Za-z][\w:-]*")
_MARKS = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
_INTERPOLATED = re.compile(r"\\?[#!]\{|\\?#\[")
_TEXT = re.compile(r"""^(['"])((?:(?!\1)[^\\\n]|\\.)*)\1$""")
_BEGINS_WITH = re.compile(r"""^(['"])((?:(?!\1)[^\\\n]|\\.)*)\1\s*\+\s*""")
_ATTRIBUTE = re.compile(r"""[\s,]*(['"]?)([^\s,=!'"]+)\1\s*(!?=(?!=))?\s*""")
_OPERATORS = "+-*/%?:&|=<>,.!~^([{"
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@dataclass(slots=True)
class _Open:
    """A tag, or a block of text, that lasts until a line is indented no deeper."""

    indent: int
    tag: str = ""
    kind: Kind | None = None


class _Reader:
    """Lines read one by one; `depth` is how many tags of one line stand around them."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.depth = depth
        self.lines = text.expandtabs(4).split("\n")
        self.at = 0
        self.open: list[_Open] = []

    def pieces(self) -> Iterator[Piece]:
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip("\r")
            number, words = self.at + 1, line.strip()
            self.at += 1
            if not words:
                continue
            indent = len(line) - len(line.lstrip())
            yield from self._close(indent, number)
            inside = self.open[-1].kind if self.open else None
            if inside is Kind.TEXT:
                yield from self._text(f"{words}\n", number)
            elif inside is None:
                yield from self._line(words, indent, number)
        yield from self._close(-1, len(self.lines))

    def _close(self, indent: int, number: int) -> Iterator[Piece]:
        while self.open and self.open[-1].indent >= indent:
            ended = self.open.pop()
            if ended.tag:
                yield Piece(Kind.TEXT, f"</{ended.tag}>", number)

    def _line(self, words: str, indent: int, number: int) -> Iterator[Piece]:
        if words.startswith("//"):
            self.open.append(_Open(indent, kind=Kind.COMMENT))
            yield Piece(Kind.COMMENT, words, number)
        elif words == "-":
            self.open.append(_Open(indent, kind=Kind.BLOCK))
        elif words.startswith("|"):
            yield from self._text(words[1:] + "\n", number)
        elif words.startswith("<"):
            yield from self._text(words + "\n", number)
        elif words.startswith(("!=", "=")):
            yield _hole(words, number)
        elif words.startswith(":"):
            self.open.append(_Open(indent, kind=Kind.TEXT))  # what a filter is given
        elif (case := _CASE.match(words)) is not None and self.depth < _DEEPEST_LINE:
            yield from self._behind(words[case.end() :], indent, number)
        elif _KEYWORD.match(words):
            each = _EACH.match(words)
            yield Piece(Kind.BLOCK, f"for {each[1]} of {each[2]}" if each else words.lstrip("- "), number)
        elif words == ".":
            self.open.append(_Open(indent, kind=Kind.TEXT))
        else:
            yield from self._tag(words, indent, number)

    def _tag(self, words: str, indent: int, number: int) -> Iterator[Piece]:
        head = _NAME.match(words)
        tag = head[0].rstrip(":") if head else "div"
        rest = words[len(tag) if head else 0 :]
        yield Piece(Kind.TEXT, f"<{tag}", number)
        while True:
            mark = _MARKS.match(rest)
            if mark is not None:
                rest = rest[mark.end() :]
            elif rest.startswith("("):
                inside, rest = self._to_end(rest)
                yield from _attributes(inside, number)
                number = max(number, self.at if not self.depth else 0)
            elif rest.startswith("&attributes"):
                inside, rest = self._to_end(rest[len("&attributes") :])
                if inside.strip() != "attributes" and not inside.lstrip().startswith("{"):
                    yield Piece(Kind.RAW, inside.strip(), number)
            else:
                break
        yield Piece(Kind.TEXT, ">", number)
        if tag.lower() not in _VOID and not rest.startswith("/"):
            self.open.append(_Open(indent, tag))
        yield from self._tail(rest, indent, number)

    def _tail(self, rest: str, indent: int, number: int) -> Iterator[Piece]:
        """What stands behind a tag on its line: a value, another tag, text, or a dot that says that text follows."""
        if rest.startswith(("=", "!=")):
            yield _hole(rest, number)
        elif rest.startswith(":") and self.depth < _DEEPEST_LINE:
            yield from self._behind(rest[1:].strip(), indent, number)
        elif rest.strip() == ".":
            self.open.append(_Open(indent, kind=Kind.TEXT))
        elif rest.strip(" /"):
            yield from self._text(rest[1:], number)

    def _behind(self, words: str, indent: int, number: int) -> Iterator[Piece]:
        """What stands behind a colon: a tag inside of the one before it."""
        self.depth += 1
        if words:
            yield from self._line(words, indent, number)
        self.depth -= 1

    def _text(self, text: str, number: int) -> Iterator[Piece]:
        """Yield text with `#{…}` and `!{…}`, and tags in `#[…]`."""
        position = 0
        while (match := _INTERPOLATED.search(text, position)) is not None:
            end = _matching(text, match.end() - 1)
            if end < 0:
                break
            yield Piece(Kind.TEXT, text[position : match.start()], number)
            inside = text[match.end() : end]
            if match[0].startswith("\\") or (match[0] == "#[" and self.depth >= _DEEPEST_LINE):
                yield Piece(Kind.TEXT, text[match.start() : end + 1], number)
            elif match[0] == "#[":
                for piece in _Reader(inside, self.depth + 1).pieces():
                    yield Piece(piece.kind, piece.text, number)
            else:
                yield Piece(Kind.RAW if match[0][0] == "!" else Kind.ESCAPED, inside.strip(), number)
            position = end + 1
        yield Piece(Kind.TEXT, text[position:], number)

    def _to_end(self, text: str) -> tuple[str, str]:
        """Return what stands in brackets that may go over lines, and what stands behind them."""
        depth, quote, place = 0, "", 0
        while place < min(len(text), _LONGEST_ATTRIBUTES):
            character = text[place]
            if quote:
                if character == "\\":
                    place += 1
                elif character == quote:
                    quote = ""
            elif character in "'\"`":
                quote = character
            elif character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
                if depth == 0:
                    return text[1:place], text[place + 1 :]
            place += 1
            if place >= len(text) and self.at < len(self.lines):
                text += "\n" + self.lines[self.at].strip()
                self.at += 1
        return text[1:], ""


def pug_pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a Pug template: the page's tags as text, and what it puts into them as holes."""
    return _Reader(text).pieces()


def _hole(words: str, number: int) -> Piece:
    raw = words.startswith("!")
    return Piece(Kind.RAW if raw else Kind.ESCAPED, words.lstrip("!").lstrip("=").strip(), number)


def _matching(text: str, place: int) -> int:
    """Return where the bracket ends that stands at a place; -1 when it does not on this line."""
    waiting: list[str] = []
    quote = ""
    while place < len(text):
        character = text[place]
        if quote:
            if character == "\\":
                place += 1
            elif character == quote:
                quote = ""
        elif character in "'\"`" and len(waiting) > 0 and waiting[0] == "}":
            quote = character
        elif character in _PAIRS:
            waiting.append(_PAIRS[character])
        elif waiting and character == waiting[-1]:
            waiting.pop()
            if not waiting:
                return place
        place += 1
    return -1


def _attributes(inside: str, number: int) -> Iterator[Piece]:
    """Yield `name=value` and `name!=value` as a tag's attributes; a value is an expression."""
    position, line = 0, number
    while position < len(inside):
        match = _ATTRIBUTE.match(inside, position)
        if match is None:
            position += 1
            continue
        line += inside.count("\n", position, match.end())
        if not match[3]:
            yield Piece(Kind.TEXT, f" {match[2]}", line)
            position = match.end()
            continue
        end = _expression_end(inside, match.end())
        yield from _attribute(match[2], inside[match.end() : end].strip(), line, raw=match[3] == "!=")
        line += inside.count("\n", match.end(), end)
        position = end


def _expression_end(text: str, place: int) -> int:
    """Return where an expression ends: at a comma, or at a space before what does not go on with it."""
    depth, quote = 0, ""
    while place < len(text):
        character = text[place]
        if quote:
            if character == "\\":
                place += 1
            elif character == quote:
                quote = ""
        elif character in "'\"`":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and character == ",":
            return place
        elif depth == 0 and character.isspace():
            after = text[place : place + _MOST_SPACE].lstrip()[:1]
            before = text[max(place - _MOST_SPACE, 0) : place].rstrip()[-1:]
            if after not in _OPERATORS and before not in _OPERATORS:
                return place
        place += 1
    return place


def _attribute(name: str, expression: str, line: int, *, raw: bool) -> Iterator[Piece]:
    whole = _TEXT.match(expression)
    if whole is not None:
        yield Piece(Kind.TEXT, f' {name}="{whole[2].replace(chr(34), chr(39))}"', line)
        return
    begins = _BEGINS_WITH.match(expression)
    before, rest = (begins[2], expression[begins.end() :]) if begins is not None else ("", expression)
    if expression.startswith("`"):
        before, mark, rest = expression.strip("`").partition("${")
        rest = rest.rpartition("}")[0] if mark else ""
    yield Piece(Kind.TEXT, f' {name}="{before.replace(chr(34), chr(39))}', line)
    if rest:
        yield Piece(Kind.RAW if raw else Kind.ESCAPED, rest, line)
    yield Piece(Kind.TEXT, '"', line)
