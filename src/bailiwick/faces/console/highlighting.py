"""Colours for code: Pygments marks the parts of each line with classes that console.css gives colours to."""

from pathlib import PurePosixPath

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# Only these: lexers are large regular expressions, and what was pushed may be made to keep a careless one busy.
_LEXERS = {
    ".py": "python",
    ".toml": "toml",
    ".html": "html+jinja",
    ".css": "css",
    ".js": "javascript",
    ".json": "json",
    ".sql": "sql",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_LONGEST_LINE = 400
_MOST_CHARACTERS = 60_000
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="tok-")


def code_lines(path: str, lines: list[str]) -> list[Markup]:
    """Return lines of one file as escaped HTML, one for each that came in, coloured where that is safe to do."""
    # A carriage return would be a line of its own for the lexer, and would let a reader miss what stands before it.
    visible = [line.replace("\r", "␍") for line in lines]
    name = _LEXERS.get(PurePosixPath(path).suffix)
    text = "\n".join(visible)
    if name is None or len(text) > _MOST_CHARACTERS or any(len(line) > _LONGEST_LINE for line in visible):
        return [escape(line) for line in visible]
    marked = highlight(text, get_lexer_by_name(name, stripnl=False, ensurenl=False), _FORMATTER).split("\n")
    marked = marked[:-1] if len(marked) == len(visible) + 1 and not marked[-1] else marked
    if len(marked) != len(visible):
        return [escape(line) for line in visible]
    return [Markup(line) for line in marked]  # noqa: S704 - the formatter escapes
