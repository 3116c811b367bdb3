"""What engines found before: what did not change is not read again.

Keys are hashes over everything that a result depends on: the rules and engines as they are, the surroundings (the app's
path among them, so that nobody is told what another app holds), path and content. Results come from workers, which
pushed files may have taken over; a forged one is found again only by the same app with the same content, which had it
anyway.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bailiwick.control.review.model import Change, Finding
from bailiwick.control.review.running.jobs import Job
from bailiwick.core.artifacts import TreeFile

_MOST_RESULTS = 200_000
_MOST_FINDINGS = 200_000


class FindingsCache:
    """Findings by key, the least used forgotten first."""

    def __init__(self, most_results: int = _MOST_RESULTS, most_findings: int = _MOST_FINDINGS) -> None:
        self._most_results = most_results
        self._most_findings = most_findings
        self._kept: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
        self._findings = 0
        self._lock = threading.Lock()

    def get(self, key: bytes) -> tuple[Finding, ...] | None:
        """Return what is kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            return None

    def put(self, key: bytes, findings: tuple[Finding, ...]) -> None:
        """Keep findings under a key."""
        with self._lock:
            self._findings += len(findings) - len(self._kept.pop(key, ()))
            self._kept[key] = findings
            while len(self._kept) > self._most_results or self._findings > self._most_findings:
                _, forgotten = self._kept.popitem(last=False)
                self._findings -= len(forgotten)


@dataclass(frozen=True)
class Known:
    """What is known of a job, and what is left to do: `rest` is None when that is nothing."""

    findings: tuple[Finding, ...]
    rest: Job | None
    keys: dict[str, bytes] = field(default_factory=dict)
    whole: bytes = b""


class Contents:
    """The hashes of a change's contents, each computed once for all engines."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[bytes, bytes]] = {}

    def of(self, content: bytes) -> bytes:
        """Return the SHA-256 of a content."""
        found = self._known.get(id(content))
        if found is None:
            # The content is kept beside, so that its id cannot become another's.
            found = self._known[id(content)] = (hashlib.sha256(content).digest(), content)
        return found[0]


def look_up(cache: FindingsCache, job: Job, going_by: str, contents: Contents) -> Known:
    """Return what the cache knows of a job; `going_by` stands for all that a result depends on besides the change."""
    engine = job.engine
    base = _hash(going_by.encode(), engine.name.encode(), engine.version.encode())
    if not engine.each_file_alone:
        key = _hash(base, *_parts(job.change, contents))
        kept = cache.get(key)
        return Known(kept or (), None if kept is not None else job, whole=key)
    keys = {file.path: _hash(base, *_of_file(file, contents)) for file in job.change.files}
    # A file that is in history too is read with it: what history shows of it depends on both.
    again = {blob.path for blob in job.change.history}
    kept_of = {path: None if path in again else cache.get(key) for path, key in keys.items()}
    left = tuple(file for file in job.change.files if kept_of[file.path] is None)
    findings = tuple(item for kept in kept_of.values() if kept is not None for item in kept)
    if not left and not job.change.history:
        return Known(findings, None)
    return Known(findings, Job(engine, replace(job.change, files=left)), keys)


def keep(cache: FindingsCache, known: Known, found: Sequence[Finding]) -> None:
    """Keep what became of what was left to do."""
    if known.whole:
        cache.put(known.whole, tuple(found))
    elif known.rest is not None:
        for file in known.rest.change.files:
            of_file = (item for item in found if item.path == file.path and not item.commit)
            cache.put(known.keys[file.path], tuple(of_file))


def _parts(change: Change, contents: Contents) -> Iterable[bytes]:
    yield repr((change.entries, change.unread)).encode()
    for file in change.files:
        yield from _of_file(file, contents)
    for blob in change.history:
        yield from (b"history", blob.commit.encode(), _path(blob.path), contents.of(blob.content))


def _of_file(file: TreeFile, contents: Contents) -> Iterable[bytes]:
    return (_path(file.path), b"x" if file.executable else b"-", contents.of(file.content))


def _path(path: str) -> bytes:
    return path.encode(errors="surrogatepass")


def _hash(*parts: bytes) -> bytes:
    """Return a hash over parts, each with its length, so that no two lists give the same."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8) + part)
    return total.digest()
