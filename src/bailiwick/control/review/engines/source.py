"""Text as engines read it: what a file is for, where its lines begin, what in it is comment, string or code."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a file is for: code runs, configuration steers, prose is read by people, data is anything else."""

    CODE = "code"
    CONFIG = "configuration"
    PROSE = "prose"
    DATA = "data"


class Syntax(Enum):
    """How a language writes comments and strings."""

    PYTHON = "python"
    HASH = "hash"
    SLASH = "slash"
    SQL = "sql"
    MARKUP = "markup"
    NONE = "none"


_SYNTAX = {
    Syntax.PYTHON: "py pyi pyw pyx",
    Syntax.HASH: "sh bash zsh ksh yml yaml toml ini cfg conf env properties rb pl ps1 mk tf hcl cedar dockerfile",
    Syntax.SLASH: "js jsx mjs cjs ts tsx mts cts css scss less java kt go rs c h cpp hpp cs php swift json json5 jsonc",
    Syntax.SQL: "sql",
    Syntax.MARKUP: "html htm xhtml xml svg jinja jinja2 j2 vue svelte hbs ejs",
}
_BY_ENDING = {ending: syntax for syntax, endings in _SYNTAX.items() for ending in endings.split()}
_CONFIG = frozenset("yml yaml toml ini cfg conf env properties json json5 jsonc cedar tf hcl xml".split())
_PROSE = frozenset("md markdown rst txt adoc tex po pot srt csv tsv log ipynb".split())
_NAMES = {"makefile": Syntax.HASH, "gnumakefile": Syntax.HASH, "procfile": Syntax.HASH, "jenkinsfile": Syntax.SLASH}

# What does not end goes on to the end of its line, or of the text: nothing here is tried twice, so time stays linear.
_STRING = r"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
_PARTS = {
    Syntax.PYTHON: r'(?P<comment>#[^\n]*)|(?P<string>"""(?:[^"\\]|\\.|"(?!""))*(?:""")?|'
    rf"'''(?:[^'\\]|\\.|'(?!''))*(?:''')?|{_STRING})",
    Syntax.HASH: rf"(?P<comment>(?<![^\s;])#[^\n]*)|(?P<string>{_STRING})",
    Syntax.SLASH: rf"(?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)|(?P<string>{_STRING}|`(?:[^`\\]|\\.)*`?)",
    Syntax.SQL: r"(?P<comment>--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)|(?P<string>'(?:[^']|'')*'?|\"[^\"\n]*\"?)",
    Syntax.MARKUP: r"(?P<comment><!--(?:[^-]|-(?!->))*(?:-->)?|\{#(?:[^#]|#(?!\}))*(?:#\})?)|(?P<string>(?!))",
}
_READERS = {syntax: re.compile(pattern, re.DOTALL) for syntax, pattern in _PARTS.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """A comment or string of a text, from `start` to before `end`."""

    start: int
    end: int
    comment: bool


class Lines:
    """Where the lines of a text begin: places as lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def __len__(self) -> int:
        return len(self._starts)

    def at(self, place: int) -> tuple[int, int]:
        """Return the line and column of a place in the text."""
        line = bisect_right(self._starts, place)
        return line, place - self._starts[line - 1] + 1

    def start(self, line: int) -> int:
        """Return where a line begins."""
        return self._starts[line - 1]

    def line(self, number: int) -> str:
        """Return a line without its end; an empty one when there is no such line."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r")


def ending(path: str) -> str:
    """Return the ending of a file's name in lower case, or its name where it has none or begins with a dot."""
    name = path.rpartition("/")[2].lower()
    return name.rpartition(".")[2] if "." in name else name


def syntax_of(path: str, content: bytes = b"") -> Syntax:
    """Return how a file writes comments and strings, by its name, or by its first line if it has no ending."""
    name = path.rpartition("/")[2].lower()
    if name.startswith(("dockerfile", "containerfile", ".env")):
        return Syntax.HASH
    if name in _NAMES:
        return _NAMES[name]
    found = _BY_ENDING.get(ending(path), Syntax.NONE)
    if found is Syntax.NONE and content.startswith(b"#!"):
        first = content[:200].split(b"\n", 1)[0]
        return Syntax.PYTHON if b"python" in first else Syntax.SLASH if b"node" in first else Syntax.HASH
    return found


def kind_of(path: str, content: bytes = b"") -> Kind:
    """Return what a file is for."""
    last = ending(path)
    if last in _PROSE:
        return Kind.PROSE
    if last in _CONFIG:
        return Kind.CONFIG
    return Kind.DATA if syntax_of(path, content) is Syntax.NONE else Kind.CODE


def text_of(content: bytes) -> str | None:
    """Return a file's text without a mark at its beginning; nothing when it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def parts(text: str, syntax: Syntax) -> Iterator[Part]:
    """Yield the comments and strings of a text; none where the syntax has none."""
    reader = _READERS.get(syntax)
    for match in reader.finditer(text) if reader else ():
        yield Part(match.start(), match.end(), match.lastgroup == "comment")


def code_only(text: str, syntax: Syntax) -> str:
    """Return a text of the same length and lines in which comments and strings are blank."""
    pieces: list[str] = []
    done = 0
    for part in parts(text, syntax):
        pieces += [text[done : part.start], re.sub(r"[^\n]", " ", text[part.start : part.end])]
        done = part.end
    return "".join([*pieces, text[done:]])
