"""The engines with one more that no push waits for: it objects to one word."""

from collections.abc import Iterator

from bailiwick.control.review.engines import registry
from bailiwick.control.review.engines.engine import Engine
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule


def objects(change: Change, _: Surroundings) -> Iterator[Finding]:
    for file in change.files:
        if b"objectionable" in file.content:
            yield Finding(rule("unsafe-code"), file.path, 1, "a second opinion objects")


ENGINES = (*registry.ENGINES, Engine("second-opinion", objects, inline=False))
