"""The labelled corpus: for each rule files that break it and files that only look alike.

`tests/assets/twins/RULE/bad_NAME.EXT` breaks the rule, `good_NAME.EXT` does not; a folder of either name is an app of
several files. A line that ends in a comment with the word `FINDING` is where the finding must be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bailiwick.control.review import Change, Entry, Finding, Surroundings
from bailiwick.control.review.engines.registry import ENGINES
from bailiwick.core.artifacts import TreeFile

CORPUS = Path(__file__).parents[2] / "assets" / "twins"
MARK = b"FINDING"


@dataclass(frozen=True)
class Twin:
    """One of the corpus: the rule that it is about, whether it breaks it, and its files."""

    rule: str
    name: str
    bad: bool
    files: tuple[TreeFile, ...]

    @property
    def marked(self) -> set[tuple[str, int]]:
        """Where the findings must be, as (path, line)."""
        return {
            (file.path, number)
            for file in self.files
            for number, line in enumerate(file.content.split(b"\n"), start=1)
            if MARK in line
        }


def twins() -> Iterator[Twin]:
    """Yield the whole corpus, in order."""
    for folder in sorted(item for item in CORPUS.iterdir() if item.is_dir()):
        for item in sorted(folder.iterdir()):
            kind = item.name.partition("_")[0]
            if kind not in {"bad", "good"}:
                raise ValueError(f"{item} begins neither with bad_ nor with good_")
            yield Twin(folder.name, item.name, kind == "bad", tuple(_files(item)))


def _files(item: Path) -> Iterator[TreeFile]:
    if item.is_file():
        yield TreeFile(item.name.partition("_")[2], item.read_bytes())
    else:
        for path in sorted(path for path in item.rglob("*") if path.is_file()):
            yield TreeFile(path.relative_to(item).as_posix(), path.read_bytes())


def found_in(twin: Twin) -> list[Finding]:
    """Return what every engine finds in a twin; an engine that breaks raises."""
    entries = tuple(Entry(file.path.encode(), "100644", "blob", len(file.content)) for file in twin.files)
    found: list[Finding] = []
    for engine in ENGINES:
        files = tuple(file for file in twin.files if engine.reads(file.path))
        if files:
            change = Change("0" * 40, entries, files)
            found += [replace(item, engine=engine.name) for item in engine.check(change, Surroundings())]
    return found
