"""Shell scripts, and the recipes of Makefiles."""

import re
from collections.abc import Iterator
from itertools import chain

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra import shell_rules
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.source import Lines, ending, text_of
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.core.artifacts import TreeFile

_ENDINGS = frozenset({"sh", "bash", "zsh", "ksh", "bats", "command", "envrc", "bashrc", "profile", "zshrc"})
_MAKE = frozenset({"makefile", "gnumakefile", "mk"})
_SHEBANG = re.compile(rb"^#![^\n]*\b(?:ba|da|z|k|a)?sh\b")
_KNOWN = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_TEMPORARY = re.compile(r">\s*[\"']?/tmp/[\w.-]*(?:\$\$|\$\{?RANDOM)?[\w.-]*[\"']?(?:\s|$)")


def reads(path: str) -> bool:
    """Say whether a file may be a script; one without an ending is known by its first line."""
    last = ending(path)
    return last in _ENDINGS or last in _MAKE or not _KNOWN.search(path.rpartition("/")[2])


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in scripts."""
    for file in change.files:
        if reads(file.path) and (ending(file.path) in _ENDINGS | _MAKE or _SHEBANG.match(file.content)):
            yield from _file(file)


def _file(file: TreeFile) -> Iterator[Finding]:
    text = text_of(file.content)
    if text is None:
        return  # the engine "unicode" says so
    lines = Lines(text)
    is_make = ending(file.path) in _MAKE
    found = _recipes(text) if is_make else chain(shell_rules.faults(text), _temporary(text))
    yield from said.findings(file.path, lines, found)


def _temporary(text: str) -> Iterator[Fault]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.lstrip().startswith("#") and _TEMPORARY.search(line[:4000]):
            yield Fault("insecure-temporary-file", number, "anybody can put a link of this name there first", -1)


def _recipes(text: str) -> Iterator[Fault]:
    """Yield what is wrong in recipes: each line is a script, its variables are make's own and known."""
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        first = place
        line = lines[place]
        while line.endswith("\\") and place + 1 < len(lines):
            place += 1
            line = f"{line}\n{lines[place]}"
        place += 1
        if line.startswith("\t"):
            script = line[1:].lstrip("@-+")
            # $(NAME) is make's, $$NAME is the shell's.
            script = re.sub(r"\$[({][\w.:%=/ -]*[)}]|\$[@<^*?%]", "make_variable", script).replace("$$", "$")
            yield from shell_rules.faults(script, first + 1)
