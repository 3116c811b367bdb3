"""The instructions of reviewers: data beside this module, and a name that changes when any of it does."""

import hashlib
from functools import cache
from importlib.resources import files

from bailiwick.control.reviewers.model import Lens

_FOLDER = "bailiwick.control.reviewers"


@cache
def instructions(lens: Lens) -> str:
    """Return what a reviewer with this lens is told."""
    return _read(lens.value) + _read("_rules")


@cache
def refutation() -> str:
    """Return what is told to whoever tries to refute a finding."""
    return _read("_refute")


@cache
def digest() -> str:
    """Return the SHA-256 over all instructions, 16 hex digits of it."""
    total = hashlib.sha256()
    for lens in Lens:
        total.update(instructions(lens).encode() + b"\0")
    total.update(refutation().encode())
    return total.hexdigest()[:16]


def _read(name: str) -> str:
    return (files(_FOLDER) / "lenses" / f"{name}.md").read_text()
