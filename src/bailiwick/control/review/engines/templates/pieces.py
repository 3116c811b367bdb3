"""Templates cut into pieces: text of the page, and what a template language puts in its place."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bailiwick.control.review.engines.templates.model import Kind, Piece
from bailiwick.control.review.engines.templates.pug import pug_pieces

_LONGEST_HOLE = 20_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """A template language: its marks as a pattern, with what ends each and which kind it is; or a reader of its own.

    `escapes` says whether it escapes what it puts in when nobody asks it to.
    """

    name: str
    marks: re.Pattern[str]
    kinds: dict[str, tuple[str, Kind]]
    reader: Callable[[str], Iterator[Piece]] | None = None
    escapes: bool = True


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
# A mark of Eta's may begin with one that takes the space before it away.
_ETA = Dialect(
    "eta",
    re.compile(r"<%[-_]?[=~]?"),
    {"<%~": ("%>", Kind.RAW), "<%=": ("%>", Kind.ESCAPED), "<%": ("%>", Kind.BLOCK)},
)
_LIQUID = Dialect(
    "liquid",
    re.compile(r"\{\{-?|\{%-?"),
    {"{{": ("}}", Kind.ESCAPED), "{%": ("%}", Kind.BLOCK)},
    escapes=False,
)
_PUG = Dialect("pug", re.compile(r"(?=.)"), {}, reader=pug_pieces)
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
    ".vue": _VUE, ".pug": _PUG, ".jade": _PUG, ".eta": _ETA, ".liquid": _LIQUID,
}  # fmt: skip
_JINJA_SUFFIXES = (".html", ".htm", ".xhtml", ".j2", ".jinja", ".jinja2", ".njk", ".twig")
SUFFIXES = (*_BY_SUFFIX, *_JINJA_SUFFIXES)


def dialect_of(path: str) -> Dialect:
    """Return the template language that a file's name says; Jinja's, which Django's is like, where it says HTML."""
    return next((dialect for suffix, dialect in _BY_SUFFIX.items() if path.endswith(suffix)), _JINJA)


def pieces(text: str, dialect: Dialect) -> Iterator[Piece]:
    """Yield the pieces of a template in order. A mark that nothing ends is text."""
    if dialect.reader is not None:
        yield from dialect.reader(text)
        return
    position, line = 0, 1
    for _ in range(len(text) + 1):
        match = dialect.marks.search(text, position)
        if match is None:
            break
        opening = match[0].replace("~", "").rstrip("+") if dialect.name not in {"ejs", "eta"} else match[0]
        if dialect.name == "eta":
            opening = opening.replace("-", "").replace("_", "")
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
            dialect.name in {"jinja", "liquid"}
            and kind is Kind.BLOCK
            and text[match.end() : end].strip(" -+") in {"raw", "verbatim", "comment"}
        ):
            after = re.compile(r"\{%[-+]?\s*end(?:raw|verbatim|comment)").search(text, position)
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
