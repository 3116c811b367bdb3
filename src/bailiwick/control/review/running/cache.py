"""What engines found before: what did not change is not read again.

Keys are hashes over everything that a result depends on: the rules and engines as they are, the surroundings (the app's
path among them, so that nobody is told what another app holds), path and content. Results come from workers, which
pushed files may have taken over; a forged one is found again only by the same app with the same content, which had it
anyway.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bailiwick.control.review.engines.engine import reads_everything
from bailiwick.control.review.model import Change, Finding, PushedBlob
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
    """The hashes of a change's parts, each computed once for all engines."""

    def __init__(self) -> None:
        # What was hashed is kept beside its hash, so that its id cannot become another's.
        self._known: dict[int, tuple[bytes, object]] = {}

    def of_file(self, file: TreeFile) -> bytes:
        """Return the hash of a file: path, whether it is executable, content."""
        kind = b"x" if file.executable else b"-"
        return self._once(file, lambda: _hash(_path(file.path), kind, file.content))

    def of_blob(self, blob: PushedBlob) -> bytes:
        """Return the hash of a blob of the history."""
        return self._once(blob, lambda: _hash(blob.commit.encode(), _path(blob.path), blob.content))

    def of_listing(self, listing: tuple[object, ...]) -> bytes:
        """Return the hash of entries, or of what was not read."""
        return self._once(listing, lambda: _hash(repr(listing).encode(errors="surrogatepass")))

    def _once(self, part: object, compute: Callable[[], bytes]) -> bytes:
        known = self._known.get(id(part))
        if known is None:
            known = self._known[id(part)] = (compute(), part)
        return known[0]


def look_up(cache: FindingsCache, job: Job, going_by: str, contents: Contents) -> Known:
    """Return what the cache knows of a job; `going_by` stands for all that a result depends on besides the change."""
    engine = job.engine
    if engine.reads is not reads_everything and not job.change.files and not job.change.history:
        return Known((), None)
    base = _hash(going_by.encode(), engine.name.encode(), engine.version.encode())
    if not engine.each_file_alone:
        key = _hash(base, *_parts(job.change, contents))
        kept = cache.get(key)
        return Known(kept or (), None if kept is not None else job, whole=key)
    keys = {file.path: _hash(base, contents.of_file(file)) for file in job.change.files}
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


def _parts(change: Change, contents: Contents) -> tuple[bytes, ...]:
    return (
        contents.of_listing(change.entries),
        contents.of_listing(change.unread),
        b"".join(contents.of_file(file) for file in change.files),
        b"".join(contents.of_blob(blob) for blob in change.history),
    )


def _path(path: str) -> bytes:
    return path.encode(errors="surrogatepass")


def _hash(*parts: bytes) -> bytes:
    """Return a hash over parts, each with its length, so that no two lists give the same."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8) + part)
    return total.digest()
