"""The scripts inside of pages, templates and components, as sources of their own that stand on the same lines."""

import re
from dataclasses import replace

from bailiwick.control.review.engines.javascript.syntax import Source, UnreadableSourceError, parse
from bailiwick.control.review.engines.templates.pieces import Kind, dialect_of, pieces

_SCRIPT = re.compile(r"<script\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_KIND = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_RUN = re.compile(r"(?i)^(?:module|(?:text|application)/(?:javascript|ecmascript|babel|jsx|typescript))$")
_TYPED = re.compile(r"""\blang\s*=\s*["']?tsx?\b""", re.IGNORECASE)
_NO_LINE_END = re.compile(r"[^\n]")


def scripts(path: str, content: bytes) -> Source | None:
    """Return the scripts of a page as one source, or None when it has none that can be read.

    What a template puts in is a name that stands for anything. Faults of syntax are none of the page's: a template
    makes scripts that are whole only when it runs.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None  # the engine for templates says so
    plain = _without_holes(path, text)
    kept: list[str] = []
    position, typed = 0, False
    for match in _SCRIPT.finditer(plain):
        kind = _KIND.search(match[1])
        if kind is not None and not _RUN.match(kind[1]):
            continue
        typed |= bool(_TYPED.search(match[1]))
        kept += [_NO_LINE_END.sub(" ", plain[position : match.start(2)]), match[2]]
        position = match.end(2)
    if not any(part.strip() for part in kept[1::2]):
        return None
    try:
        source = parse("scripts.ts" if typed else "scripts.js", "".join(kept).encode())
    except UnreadableSourceError:
        return None
    return replace(source, path=path, lines=tuple(text.split("\n")), broken_line=0)


def _without_holes(path: str, text: str) -> str:
    """Return a template with names in place of what it puts in, and nothing in place of what it does."""
    dialect = dialect_of(path)
    if not dialect.marks.search(text):
        return text
    out: list[str] = []
    line = 1
    for piece in pieces(text, dialect):
        out.append("\n" * (piece.line - line))
        line = piece.line + piece.text.count("\n")
        if piece.kind is Kind.TEXT:
            out.append(piece.text)
        else:
            out.append(("_hole" if piece.kind in {Kind.ESCAPED, Kind.RAW} else "") + "\n" * piece.text.count("\n"))
    return "".join(out)
