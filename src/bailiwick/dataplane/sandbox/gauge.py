"""What of its limits a sandbox has run into: read from the kernel's counters, never told by the app."""

import os
import time
from collections import deque
from pathlib import Path

from bailiwick.dataplane.sandbox import pausing
from bailiwick.dataplane.sandbox.cgroups import ControlGroup, Counters
from bailiwick.dataplane.sandbox.model import MIB, Reached, SandboxSpec

# What is full has less left than any file would need.
_LEAST_FREE_BYTES = 4096
# ext4 refuses a write whole when there is no room for all pages that it would take at once.
_LEAST_FREE_STORAGE = MIB
# The connection of the request that failed is closed before anybody looks.
_FILES_CLOSED = 2
# Held back in nearly all periods for so long, an app is said to use up its share of the processors.
_HELD_BACK, _HELD_BACK_SECONDS, _PERIODS_PER_SECOND = 0.9, 10.0, 10
_NUMBERS_SEEN = 5
_OF_ALL_APPS = frozenset({"all-apps-memory", "all-apps-processes", "all-apps-cpu"})
# An app that took less of what all have together is none of those that used it up.
_SHARE_TAKEN = 0.05


class Gauge:
    """Of one sandbox. Limits that stay full, such as the disk, are said once until there is room again.

    `root` is where the first process sees the root of the command; `sees_files`, whether what that opens is the host's.
    """

    def __init__(
        self, spec: SandboxSpec, group: ControlGroup | None, first: int, *, root: str = "", sees_files: bool = True
    ) -> None:
        self._limits = spec.limits
        self._together = spec.together
        self._above = (Counters(), 0.0)
        self._storage = spec.storage
        self._group = group
        self._first = first
        self._root = root
        self._sees_files = sees_files
        self._seen: deque[Counters] = deque([Counters()], maxlen=_NUMBERS_SEEN)
        self._processors = (time.monotonic(), Counters())
        self._full: set[str] = set()

    def broken(self) -> Reached | None:
        """Return which limit ended the sandbox, if one did: what was run into in its last looks counts."""
        if self._group is None:
            return None
        before, now = self._seen[0], self._group.counters()
        return next(iter(self._between(before, now)), None)

    def words_of(self, broken: Reached | None) -> str:
        """Return which limit was broken, as `Exit` says it."""
        if broken is None:
            return ""
        if broken.limit == "memory":
            return f"the memory limit of {self._limits.memory_bytes // MIB} MiB was exceeded"
        if broken.limit in _OF_ALL_APPS:
            return broken.words
        return f"the limit of {self._limits.processes} processes was reached"

    def reached(self) -> list[Reached]:
        """Return which limits were run into since the last look."""
        found = self._by_group(self._group) if self._group is not None else []
        # Looked at through the first process: it is in no namespace of ours.
        seen = f"/proc/{self._first}/root{self._root}"
        folders = [("disk", f"{seen}/tmp", _LEAST_FREE_BYTES, self._limits.disk_bytes)]  # noqa: S108 - the sandbox's own
        if self._storage is not None:
            folders += [("storage", str(self._storage.folder), _LEAST_FREE_STORAGE, self._storage.size_bytes)]
        for name, folder, least_free, size in folders:
            full = _full(folder, least_free)
            what = "all files that it may keep in " if full == "files" else ""
            found += self._newly(name, bool(full), f"{what}{_size(size)} of {name} reached")
        found += self._newly("open-files", self._files_full(), f"{self._limits.open_files} open files reached")
        return found

    def _by_group(self, group: ControlGroup) -> list[Reached]:
        before, now = self._seen[-1], group.counters()
        self._seen.append(now)
        found = self._between(before, now)
        since, then = self._processors
        seconds = time.monotonic() - since
        if seconds >= _HELD_BACK_SECONDS:
            self._processors = (time.monotonic(), now)
            if now.throttled - then.throttled >= _HELD_BACK * seconds * _PERIODS_PER_SECOND:
                found.append(Reached("cpu", f"{self._limits.cpu:g} CPU used up for {seconds:.0f} s"))
            found += self._held_back_together(group, seconds)
        return found

    def _held_back_together(self, group: ControlGroup, seconds: float) -> list[Reached]:
        """Return that all apps together used up their processors, for one that took a share of them."""
        if not self._together.cpu:
            return []
        (before, spent), now = self._above, (group.above.counters(), group.usage().cpu_seconds)
        self._above = now
        throttled = now[0].throttled - before.throttled >= _HELD_BACK * seconds * _PERIODS_PER_SECOND
        if not throttled or now[1] - spent < _SHARE_TAKEN * seconds * self._together.cpu:
            return []
        return [Reached("all-apps-cpu", f"{self._together.cpu:g} CPU of all apps together used up for {seconds:.0f} s")]

    def _between(self, before: Counters, now: Counters) -> list[Reached]:
        found = []
        # What never had all of its own ran into what all have together. The kernel's counts of failures do not tell:
        # some versions keep none, some give them to the group that asked.
        if now.memory_kills > before.memory_kills:
            found.append(self._memory(own=not 0 < now.most_memory < self._limits.memory_bytes - MIB))
        if now.processes_refused > before.processes_refused:
            found.append(self._number(own=not 0 < now.most_processes < self._limits.processes))
        return found

    def _memory(self, *, own: bool) -> Reached:
        """Return which memory was full: its own, or what all apps have together."""
        if own or not self._together.memory_bytes:
            return Reached("memory", f"{_size(self._limits.memory_bytes)} of memory reached")
        return Reached(
            "all-apps-memory", f"{_size(self._together.memory_bytes)} of memory of all apps together reached"
        )

    def _number(self, *, own: bool) -> Reached:
        """Return which number of processes was reached: its own, or that of all apps together."""
        if own or not self._together.processes:
            return Reached("processes", f"{self._limits.processes} processes reached")
        return Reached("all-apps-processes", f"{self._together.processes} processes of all apps together reached")

    def _newly(self, name: str, full: bool, words: str) -> list[Reached]:
        was = name in self._full
        (self._full.add if full else self._full.discard)(name)
        return [Reached(name, words)] if full and not was else []

    def _files_full(self) -> bool:
        """Whether one of its processes has opened as many files as it may."""
        return self._sees_files and any(
            _open_files(pid) >= self._limits.open_files - _FILES_CLOSED for pid in self._processes()
        )

    def _processes(self) -> list[int]:
        if self._group is None:
            return pausing.family(self._first)
        try:
            return [int(line) for line in self._group.processes_file.read_text().split()]
        except OSError:
            return []


def _full(folder: str, least_free: int) -> str:
    """Return what a folder has no more room for: `bytes`, `files`, or nothing when it has room for both."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return ""
    if found.f_files > 0 and found.f_favail == 0:
        return "files"
    return "bytes" if found.f_bavail * found.f_frsize < least_free else ""


def _open_files(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _size(count: int) -> str:
    return f"{count // MIB} MiB" if count >= MIB else f"{count // 1024} KiB"
