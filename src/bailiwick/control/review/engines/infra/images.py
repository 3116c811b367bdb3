"""Names of container images: whether they say which image is meant, today and tomorrow."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra.faults import Fault

_MOVING = frozenset({"latest", "stable", "edge", "nightly", "master", "main", "dev", "current", "rolling", "canary"})
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+|\$\{\{.*?\}\}")


def image_faults(image: str, line: int) -> Iterator[Fault]:
    """Yield what is wrong with the name of an image: no tag or a moving one; a tag alone is the less bad one."""
    name = image.strip().strip("\"'")
    if not name or name == "scratch" or "@sha256:" in name:
        return
    last = name.rpartition("/")[2]
    tag = last.partition(":")[2]
    if _VARIABLE.search(last):
        return  # what it is is decided elsewhere
    if not tag:
        yield Fault("unpinned-image", line, f"{name[:80]} names no version, so it is 'latest'")
    elif tag.lower() in _MOVING:
        yield Fault("unpinned-image", line, f"{name[:80]} moves")
    else:
        yield Fault("unpinned-image", line, f"{name[:80]} has a tag and no digest", -1)
