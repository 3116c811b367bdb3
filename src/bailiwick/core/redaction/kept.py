"""Databases of Hyperscan, kept beside our compiled code: to compile their patterns takes seconds, to read them none.

They are trusted as compiled code is, and no more: only a file is read that nobody else could have put there or changed,
of the same patterns and version. Whatever is wrong with one, its patterns are compiled again.
"""

import hashlib
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import Any

hyperscan: Any = import_module("hyperscan") if find_spec("hyperscan") is not None else None

FOLDER = Path(cache_from_source(__file__)).parent / "hyperscan"
# What compiles in less is not worth a file.
_SECONDS = 0.02
_DIGEST = hashlib.sha256
_LENGTH = _DIGEST().digest_size
_WRITABLE_BY_OTHERS = 0o022


def database(patterns: Sequence[bytes], flags: int) -> Any:
    """Return what scans for patterns: as it was kept, else compiled now, and kept if that took long."""
    place = place_of(patterns, flags)
    kept = _read(place)
    if kept is not None:
        return kept
    began = time.process_time()
    made = compiled(patterns, flags)
    if time.process_time() - began > _SECONDS and not sys.dont_write_bytecode:
        _write(place, hyperscan.dumpb(made))
    return made


def compiled(patterns: Sequence[bytes], flags: int) -> Any:
    """Return the same without looking for what is kept."""
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(expressions=list(patterns), ids=list(range(len(patterns))), flags=[flags] * len(patterns))
    return made


def place_of(patterns: Sequence[bytes], flags: int) -> Path:
    """Return where the database of some patterns is kept, which tells its version, too."""
    facts = [b"1", hyperscan.__version__.encode(), str(flags).encode(), *patterns]
    written = b"".join(len(fact).to_bytes(4, "big") + fact for fact in facts)
    return FOLDER / _DIGEST(written).hexdigest()


def _read(place: Path) -> Any:
    """Return what is kept at a place, if it is there, whole and ours; Hyperscan asks for its processor itself."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not _is_ours(os.fstat(descriptor)) or not _is_ours(place.parent.lstat()):
                return None
            written = file.read()
    except OSError:
        return None
    digest, content = written[:_LENGTH], written[_LENGTH:]
    if digest != _DIGEST(content).digest():
        return None
    try:
        kept = hyperscan.loadb(content, hyperscan.HS_MODE_BLOCK)
        kept.scratch = hyperscan.Scratch(kept)
    except hyperscan.error:
        return None
    return kept


def _is_ours(facts: os.stat_result) -> bool:
    """Return whether a file or folder is of root or of whose our code is, who could change that as well."""
    return facts.st_uid in {0, Path(__file__).stat().st_uid} and not facts.st_mode & _WRITABLE_BY_OTHERS


def _write(place: Path, content: bytes) -> None:
    """Keep a database, unless that is not ours to do; who reads at the same time sees all of it or none."""
    unfinished = place.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        place.parent.parent.mkdir(exist_ok=True)
        place.parent.mkdir(mode=0o755, exist_ok=True)
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(_DIGEST(content).digest() + content)
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)
