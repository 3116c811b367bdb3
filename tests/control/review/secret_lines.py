"""The corpus of the secrets engine: lines that hold a credential, and lines that only look like it.

Each file of `tests/assets/secrets` has a file name, a tab and a line on each of its lines. `¦` is left out as they are
read, so that no scanner of a code host takes what is made up for real; `⏎` is the end of a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines import secrets
from bailiwick.core.artifacts import TreeFile

CORPUS = Path(__file__).parents[2] / "assets" / "secrets"


@dataclass(frozen=True)
class Line:
    """A line of the corpus, and the name of the file that it would stand in."""

    path: str
    text: str


def lines(name: str) -> Iterator[Line]:
    """Yield the lines of one file of the corpus."""
    for written in (CORPUS / name).read_text().splitlines():
        path, tab, text = written.partition("\t")
        if tab:
            yield Line(path, text.replace("¦", "").replace("⏎", "\n"))


def found_in(path: str, text: str | bytes) -> list[Finding]:
    """Return what the secrets engine finds in a file."""
    content = text.encode() if isinstance(text, str) else text
    return list(secrets.check(Change("0" * 40, (), (TreeFile(path, content),)), Surroundings()))
