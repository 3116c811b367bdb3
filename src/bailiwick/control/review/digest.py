"""One hash over everything that decides what a review finds besides the change itself."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bailiwick.control.review.engines.registry import ENGINES

_READ = (".py", ".toml")


@cache
def rules_digest() -> str:
    """Return the SHA-256, in hex, over rules, engines and their versions as they are in this process.

    It covers the text of the whole domain, so that no result outlives a change of what found it, whether or not
    somebody thought of a version.
    """
    total = hashlib.sha256()
    for engine in ENGINES:
        total.update(f"{engine.name}\0{engine.version}\0".encode())
    for name, content in _sources(files("bailiwick.control.review"), ""):
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each source and pack under a folder, in order."""
    for item in sorted(folder.iterdir(), key=lambda found: found.name):
        name = f"{above}{item.name}"
        if item.is_dir():
            yield from _sources(item, f"{name}/")
        elif item.name.endswith(_READ):
            yield name, item.read_bytes()
