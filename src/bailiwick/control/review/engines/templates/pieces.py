"""Templates cut into pieces: text of the page, and what a template language puts in its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_LONGEST_HOLE = 20_000


class Kind(Enum):
    """What a piece of a template is."""

    TEXT = "text"
    ESCAPED = "escaped"
    RAW = "raw"
    BLOCK = "block"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a template: its kind, what stands in it (an expression, for holes), and the line where it begins."""

    kind: Kind
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """A template language: its marks as a pattern, and which kind each of the pattern's groups is."""

    name: str
    marks: re.Pattern[str]
    kinds: dict[str, tuple[str, Kind]]


# Each mark with what ends it. Longer marks stand before those that they begin with.
_JINJA = Dialect(
    "jinja",
    re.compile(r"\{#|\{\{[-~+]?|\{%[-~+]?"),
    {"{#": ("#}", Kind.COMMENT), "{{": ("}}", Kind.ESCAPED), "{%": ("%}", Kind.BLOCK)},
)
_EJS = Dialect(
    "ejs",
    re.compile(r"<%[-=#_%]?"),
    {"<%-": ("%>", Kind.RAW), "<%=": ("%>", Kind.ESCAPED), "<%#": ("%>", Kind.COMMENT), "<%_": ("%>", Kind.BLOCK),
     "<%%": ("%>", Kind.COMMENT), "<%": ("%>", Kind.BLOCK)},
)  # fmt: skip
_HANDLEBARS = Dialect(
    "handlebars",
    re.compile(r"\{\{!--|\{\{~?\{|\{\{~?[&!#/^>]?"),
    {"{{!--": ("--}}", Kind.COMMENT), "{{{": ("}}}", Kind.RAW), "{{&": ("}}", Kind.RAW), "{{!": ("}}", Kind.COMMENT),
     "{{#": ("}}", Kind.BLOCK), "{{/": ("}}", Kind.BLOCK), "{{^": ("}}", Kind.BLOCK), "{{>": ("}}", Kind.BLOCK),
     "{{": ("}}", Kind.ESCAPED)},
)  # fmt: skip
_SVELTE = Dialect("svelte", re.compile(r"\{@html\b"), {"{@html": ("}", Kind.RAW)})
_VUE = Dialect("vue", re.compile(r"\{\{"), {"{{": ("}}", Kind.ESCAPED)})
_BY_SUFFIX = {
    ".ejs": _EJS, ".hbs": _HANDLEBARS, ".handlebars": _HANDLEBARS, ".mustache": _HANDLEBARS, ".svelte": _SVELTE,
    ".vue": _VUE,
}  # fmt: skip
_JINJA_SUFFIXES = (".html", ".htm", ".xhtml", ".j2", ".jinja", ".jinja2", ".njk", ".twig", ".liquid")
SUFFIXES = (*_BY_SUFFIX, *_JINJA_SUFFIXES)


def dialect_of(path: str) -> Dialect:
    """Return the template language that a file's name says; Jinja's, which Django's is like, where it says HTML."""
    return next((dialect for suffix, dialect in _BY_SUFFIX.items() if path.endswith(suffix)), _JINJA)


def pieces(text: str, dialect: Dialect) -> Iterator[Piece]:
    """Yield the pieces of a template in order. A mark that nothing ends is text."""
    position, line = 0, 1
    for _ in range(len(text) + 1):
        match = dialect.marks.search(text, position)
        if match is None:
            break
        opening = match[0].replace("~", "").rstrip("+") if dialect.name != "ejs" else match[0]
        opening = opening if opening in dialect.kinds else opening[:2]
        closing, kind = dialect.kinds[opening]
        end = _end(text, match.end(), closing)
        if end < 0:
            break
        if match.start() > position:
            yield Piece(Kind.TEXT, text[position : match.start()], line)
        line += text.count("\n", position, match.start())
        yield Piece(kind, text[match.end() : end].strip().strip("-~+").strip(), line)
        line += text.count("\n", match.start(), end + len(closing))
        position = end + len(closing)
        if (
            dialect.name == "jinja"
            and kind is Kind.BLOCK
            and text[match.end() : end].strip(" -+") in {"raw", "verbatim"}
        ):
            after = re.compile(r"\{%[-+]?\s*end(?:raw|verbatim)").search(text, position)
            stop = after.start() if after is not None else len(text)
            yield Piece(Kind.TEXT, text[position:stop], line)
            line += text.count("\n", position, stop)
            position = stop
    if position < len(text):
        yield Piece(Kind.TEXT, text[position:], line)


def _end(text: str, begin: int, closing: str) -> int:
    """Return where a hole ends: at its closing mark that stands in no string."""
    quote = ""
    limit = min(len(text), begin + _LONGEST_HOLE)
    position = begin
    while position < limit:
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif text.startswith(closing, position):
            return position
        elif character in "\"'`":
            quote = character
        position += 1
    return text.find(closing, begin, limit)
