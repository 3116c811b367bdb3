"""The scripts inside of pages, templates and components, as sources of their own that stand on the same lines."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bailiwick.control.review.engines.javascript.syntax import Source, parse
from bailiwick.control.review.engines.templates.model import Kind
from bailiwick.control.review.engines.templates.pieces import dialect_of, pieces

_LONGEST_TAG = 2_000
_KIND = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_RUN = re.compile(r"(?i)^(?:module|(?:text|application)/(?:javascript|ecmascript|babel|jsx|typescript))$")
_TYPED = re.compile(r"""\blang\s*=\s*["']?tsx?\b""", re.IGNORECASE)
_SCRIPT = re.compile("script", re.IGNORECASE)
_NO_LINE_END = re.compile(r"[^\n]")


def scripts(path: str, content: bytes) -> Source | None:
    """Return the scripts of a page as one source, or None when it has none that can be read.

    What a template puts in is a name that stands for anything. Faults of syntax are none of the page's: a template
    makes scripts that are whole only when it runs. Raises `UnreadableSourceError` when they are too long or too deep.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None  # the engine for templates says so
    if "script" not in text and not _SCRIPT.search(text):
        return None
    plain = _without_holes(path, text)
    kept: list[str] = []
    typed = False
    position = 0
    for begin, end, attributes in _inside(plain):
        kind = _KIND.search(attributes)
        if kind is not None and not _RUN.match(kind[1]):
            continue
        typed |= bool(_TYPED.search(attributes))
        kept += [_NO_LINE_END.sub(" ", plain[position:begin]), plain[begin:end]]
        position = end
    if not any(part.strip() for part in kept[1::2]):
        return None
    source = parse("scripts.ts" if typed else "scripts.js", "".join(kept).encode())
    return replace(source, path=path, lines=tuple(text.split("\n")), broken_line=0)


def _inside(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where scripts begin and end, with the attributes of their tags; each place is looked at once."""
    folded = text.lower() if len(text.lower()) == len(text) else text
    position = 0
    while True:
        tag = folded.find("<script", position)
        begin = folded.find(">", tag) + 1 if tag >= 0 else 0
        end = folded.find("</script", begin) if begin else -1
        if end < 0:
            return
        yield begin, end, text[tag : min(begin, tag + _LONGEST_TAG)]
        position = end + len("</script")


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
        if piece.kind is Kind.TEXT or (piece.kind is Kind.COMMENT and dialect.name == "jinja"):
            # A page that no template engine reads is run with what looks like a comment of one.
            out.append(piece.text)
        else:
            out.append(("_hole" if piece.kind in {Kind.ESCAPED, Kind.RAW} else "") + "\n" * piece.text.count("\n"))
    return "".join(out)
