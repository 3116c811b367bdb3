"""Which version of Bailiwick this is, as its package says."""

import functools
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def product_version() -> str:
    """Return the version; `0` where the code runs without having been installed."""
    try:
        return version("bailiwick")
    except PackageNotFoundError:
        return "0"


@functools.cache
def product_digest() -> str:
    """Return the SHA-256 over every file of Bailiwick's code as it is installed here, by path; compiled ones apart."""
    root = Path(__file__).parent
    seen = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            seen.update(f"{path.relative_to(root).as_posix()}\0".encode())
            seen.update(hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()
