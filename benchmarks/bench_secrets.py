"""Secrets: how fast code is read, and how well lines with and without credentials are told apart, beside its peers.

Code is what the environment holds of it, `BAILIWICK_BENCH_MEGABYTES` of it (10 when it says nothing). The lines are the
corpus of the tests. Scanners that `make bench-peers` did not install are left out. Times of ours are of one process.
"""

import os
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bailiwick.control.review import Change, Surroundings
from bailiwick.control.review.engines import secrets
from bailiwick.core.artifacts import TreeFile
from benchmarks.peers import INSTALLED, PEERS, Peer
from tests.control.review.secret_lines import lines

_MEGABYTES = int(os.environ.get("BAILIWICK_BENCH_MEGABYTES", "10"))
_LARGEST = 400_000
_NAMES = ("detect-secrets", "Kingfisher")
_Find = Callable[[Path], set[str]]


def measure() -> list[tuple[str, float, str]]:
    """Return megabytes a second and F1 of ours over those of each peer that is there."""
    peers = [peer for peer in PEERS if peer.name in _NAMES and (INSTALLED / peer.needs).exists()]
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        code, corpus = Path(home) / "code", Path(home) / "lines"
        size = _write_code(code) / 1e6
        bad = _write_lines(corpus)
        _ours(code)  # makes the automata, which a worker keeps
        speed, f1 = size / _seconds(_ours, code), _f1(_ours(corpus), bad)
        rows = []
        for peer in peers:
            its_speed, its_f1 = size / _seconds(_by(peer), code), _f1(_by(peer)(corpus), bad)
            rows.append((f"secrets: MB/s / {peer.name}", speed / its_speed, f"{speed:.1f} against {its_speed:.1f}"))
            rows.append((f"secrets: F1 over lines / {peer.name}", f1 / its_f1, f"{f1:.3f} against {its_f1:.3f}"))
    return rows


def _write_code(folder: Path) -> int:
    """Copy source files of the environment's packages; return how many bytes they have."""
    total = 0
    packages = Path(sysconfig.get_path("purelib"))
    for number, path in enumerate(sorted(packages.rglob("*.py"))):
        content = path.read_bytes()
        if len(content) <= _LARGEST:
            target = folder / f"{number}" / path.name
            target.parent.mkdir(parents=True)
            target.write_bytes(content)
            total += len(content)
        if total > _MEGABYTES * 10**6:
            break
    return total


def _write_lines(folder: Path) -> set[str]:
    """Write each line of the corpus into a file of its own; return those with a credential in them."""
    bad: set[str] = set()
    for name in ("credentials.txt", "lookalikes.txt"):
        for number, line in enumerate(lines(name)):
            place = f"{name.partition('.')[0]}{number}"
            (folder / place).mkdir(parents=True)
            (folder / place / line.path).write_text(line.text + "\n")
            if name == "credentials.txt":
                bad.add(place)
    return bad


def _ours(folder: Path) -> set[str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    tree = tuple(TreeFile(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files)
    found = secrets.check(Change("0" * 40, (), tree), Surroundings())
    return {finding.path.partition("/")[0] for finding in found}


def _by(peer: Peer) -> _Find:
    return lambda folder: {path.parts[0] for path, _ in peer.find(folder) if path.parts}


def _seconds(find: _Find, folder: Path) -> float:
    begin = time.perf_counter()
    find(folder)
    return time.perf_counter() - begin


def _f1(found: Iterable[str], bad: set[str]) -> float:
    places = set(found)
    return 2 * len(places & bad) / (len(places) + len(bad))
