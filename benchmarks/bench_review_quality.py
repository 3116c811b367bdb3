"""How right the findings of a review are: over the corpus of twins, beside other scanners on the same files.

A twin counts as found when a scanner has a finding about the same weakness, or one near it, anywhere in its files: its
rule's CWE or one of those that catalogues and scanners use for the same fault. A scanner is only asked about the files
that it reads, about faults of code in general (not about manifests, hidden characters or the like, which are ours), and
one for secrets about secrets.

The corpus is our own, written along with the rules: its figures for Bailiwick say that the rules do what they are meant
to, not how they do on code that nobody here has seen. Those of the others say how much of this they find.
"""

import argparse
import re
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from bailiwick.control.review.rules import rules
from benchmarks.peers import PEERS, Peer
from tests.control.review.twins import Twin, found_in, twins

Row = tuple[str, float, str]
TARGET = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_HOW = """`make bench-peers` installs the others, `make bench ARGS=review_quality` measures. Semgrep's engine comes
without rules, and no registry has a set for Python under a permissive licence; it is measured through njsscan's."""
BEGIN, END = "<!-- the quality of findings -->", "<!-- the end of it -->"
# Weaknesses that scanners and catalogues name for the same fault.
_NEAR: tuple[frozenset[int], ...] = tuple(map(frozenset, (
    {89, 943, 564}, {77, 78, 88}, {94, 95, 96, 470, 1336, 78}, {22, 23, 35, 36, 59, 73}, {79, 80, 83, 116, 94},
    {326, 327, 328, 916, 759, 760, 261, 256, 257}, {326, 327, 329, 330, 1204, 1240, 760}, {330, 331, 338, 340},
    {798, 259, 321, 312, 540}, {502, 20, 94}, {611, 776, 827, 20}, {489, 94, 215, 11}, {200, 209, 532, 497, 211, 359},
    {614, 1004, 1275, 311, 319}, {377, 378, 379}, {732, 276, 279}, {703, 390, 391, 617, 754},
    {400, 770, 1333, 185, 730},
    {319, 523, 311, 295, 297}, {605, 668}, {352, 693}, {862, 863, 285, 639, 306, 284}, {434, 22}, {942, 346},
    {347, 345, 295},
    {918, 20}, {601, 20}, {113, 93, 117, 644}, {1333, 185, 400, 730}, {1321, 915, 94}, {208, 203}, {367, 362},
    {290, 287},
    {693, 1021},
)))  # fmt: skip


@dataclass
class Score:
    """How a scanner did on some twins."""

    hits: int = 0
    misses: int = 0
    false: int = 0
    quiet: int = 0

    def add(self, twin: Twin, found: bool) -> None:
        """Count a twin."""
        if twin.bad:
            self.hits, self.misses = self.hits + found, self.misses + (not found)
        else:
            self.false, self.quiet = self.false + found, self.quiet + (not found)

    @property
    def recall(self) -> float:
        """Of what is bad, how much was found."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0

    @property
    def false_rate(self) -> float:
        """Of what is good, how much was found all the same."""
        return self.false / (self.false + self.quiet) if self.false + self.quiet else 0.0

    @property
    def precision(self) -> float:
        """Of what was found, how much is bad."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 0.0

    @property
    def youden(self) -> float:
        """Recall less false alarms: 1 is perfect, 0 is a coin."""
        return self.recall - self.false_rate

    @property
    def f3(self) -> float:
        """Precision and recall in one, recall weighed threefold."""
        below = 9 * self.precision + self.recall
        return 10 * self.precision * self.recall / below if below else 0.0

    @property
    def words(self) -> str:
        """The score for a row of the table."""
        return (
            f"{self.recall:.2f} | {self.false_rate:.2f} | {self.precision:.2f} | {self.youden:.2f} | {self.f3:.2f} | "
            f"{self.hits + self.misses} + {self.false + self.quiet}"
        )


@dataclass
class Measured:
    """Every scanner's score: in all, and by weakness."""

    whole: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    by_cwe: dict[str, dict[str, Score]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Score)))
    ours_beside: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))


def measure() -> list[Row]:
    """Return Youden's index of ours over each peer's, on the twins that the peer reads."""
    found = measured(list(twins()))
    rows = []
    for name, score in found.whole.items():
        ours = found.ours_beside[name]
        if name != "Bailiwick" and score.hits + score.misses:
            detail = (
                f"recall {ours.recall:.2f} against {score.recall:.2f}, "
                f"false alarms {ours.false_rate:.2f} against {score.false_rate:.2f}"
            )
            rows.append((f"findings: Youden's index / {name}", ours.youden / max(score.youden, 0.01), detail))
    return rows


def measured(corpus: list[Twin]) -> Measured:
    """Return how Bailiwick and every peer that is installed do on a corpus."""
    result = Measured()
    with ProcessPoolExecutor(max_workers=2) as pool:
        ours = list(pool.map(_ours, corpus, chunksize=8))
    with tempfile.TemporaryDirectory(prefix="bailiwick-quality-") as folder:
        peers = {}
        for peer in PEERS:
            if peer.here:
                asked = [(n, twin) for n, twin in enumerate(corpus) if _asks(peer, twin, near(rules()[twin.rule].cwe))]
                place = Path(folder) / peer.name.replace(" ", "-")
                place.mkdir()
                _write(place, asked)
                peers[peer.name] = _of_peer(peer, place)
    for number, twin in enumerate(corpus):
        cwe = rules()[twin.rule].cwe
        wanted = near(cwe)
        found = bool(ours[number] & wanted) or (not cwe and twin.rule in ours[number])
        result.whole["Bailiwick"].add(twin, found)
        result.by_cwe[cwe or twin.rule]["Bailiwick"].add(twin, found)
        for peer in PEERS:
            if peer.name in peers and _asks(peer, twin, wanted):
                theirs = bool(peers[peer.name].get(number, set()) & wanted)
                result.whole[peer.name].add(twin, theirs)
                result.by_cwe[cwe or twin.rule][peer.name].add(twin, theirs)
                result.ours_beside[peer.name].add(twin, found)
    return result


def near(cwe: str) -> set[int | str]:
    """Return the numbers that count as the same weakness."""
    number = int(cwe.removeprefix("CWE-")) if cwe else 0
    return {number} | {other for group in _NEAR if number in group for other in group} if number else set()


def _ours(twin: Twin) -> set[int | str]:
    found = found_in(twin)
    return {int(item.rule.cwe.removeprefix("CWE-")) for item in found if item.rule.cwe} | {
        item.rule.id for item in found
    }


def _asks(peer: Peer, twin: Twin, wanted: set[int | str]) -> bool:
    if (peer.about and not peer.about & wanted) or (not peer.about and twin.rule not in _general()):
        return False
    return not peer.reads or any(file.path.endswith(peer.reads) for file in twin.files)


@cache
def _general() -> frozenset[str]:
    """Return the rules about faults that code of any language can have."""
    pack = files("bailiwick.control.review") / "packs" / "code.toml"
    return frozenset(rule["id"] for rule in tomllib.loads(pack.read_text())["rule"])


def _write(folder: Path, corpus: list[tuple[int, Twin]]) -> None:
    for number, twin in corpus:
        for file in twin.files:
            target = folder / f"{number:04}" / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            # The mark says where the finding must be, and tells a scanner of words that something is here.
            target.write_bytes(
                re.sub(rb"[ \t]*(?:#|//|--|<!--|/\*|\{#)[ \t]*FINDING[ \t]*(?:-->|\*/|#\})?", b"", file.content)
            )


def _of_peer(peer: Peer, folder: Path) -> dict[int, set[int]]:
    print(f"    {peer.name} ...", file=sys.stderr, flush=True)
    found: dict[int, set[int]] = defaultdict(set)
    for path, cwe in peer.find(folder):
        first = Path(str(path).removeprefix("./")).parts[:1]
        if first and first[0].isdigit():
            found[int(first[0])].add(cwe)
    return found


def as_table(found: Measured) -> str:
    """Return the tables in Markdown: in all, and by weakness."""
    about = (__doc__ or "").partition("\n\n")[2].strip()
    day = f"Measured on {datetime.now(UTC):%Y-%m-%d}."
    lines = [BEGIN, "", "## The quality of findings", "", about, "", day, ""]
    lines += [_HOW, ""]
    lines += [
        "| scanner, on what it reads of the corpus | recall | false alarms | precision | Youden | F3 | bad + good |"
    ]
    lines += ["|---|---:|---:|---:|---:|---:|---:|"]
    for name, score in found.whole.items():
        lines.append(f"| {name} | {score.words} |")
        if name != "Bailiwick":
            lines.append(f"| Bailiwick on the same | {found.ours_beside[name].words} |")
    names = list(found.whole)
    lines += ["", "Recall / false alarms by weakness; empty where a scanner does not read the files.", ""]
    lines += [f"| weakness | twins | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(names)}"]
    for cwe in sorted(found.by_cwe, key=_number):
        scores = found.by_cwe[cwe]
        cells = [
            f"{scores[name].recall:.2f} / {scores[name].false_rate:.2f}" if name in scores else "" for name in names
        ]
        ours = scores["Bailiwick"]
        lines.append(f"| {cwe} | {ours.hits + ours.misses} + {ours.false + ours.quiet} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", END, ""])


def _number(cwe: str) -> tuple[int, str]:
    return (int(cwe[4:]) if cwe.startswith("CWE-") else 99_999, cwe)


def kept(text: str) -> str:
    """Return the part of the benchmarks' page that this file writes."""
    return text[text.index(BEGIN) : text.index(END) + len(END)] + "\n" if BEGIN in text and END in text else ""


def main(arguments: Iterable[str] | None = None) -> None:
    """Measure, print the tables, and keep them in docs/benchmarks.md when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_review_quality")
    parser.add_argument("--write", action="store_true", help="replace the tables in docs/benchmarks.md")
    parser.add_argument("rules", nargs="*", help="only the twins of these rules")
    wanted = parser.parse_args(list(arguments) if arguments is not None else None)
    table = as_table(measured([twin for twin in twins() if not wanted.rules or twin.rule in wanted.rules]))
    print(table)
    if wanted.write:
        text = TARGET.read_text()
        TARGET.write_text(text.replace(kept(text), "").rstrip("\n") + "\n\n" + table)


if __name__ == "__main__":
    main()
