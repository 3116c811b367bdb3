"""What an engine is: a name, a version, which files it reads, and a function from a change to findings."""

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bailiwick.control.review.model import Change, Finding, Surroundings

Check = Callable[[Change, Surroundings], Iterable[Finding]]


def reads_everything(_: str) -> bool:
    """Say of any path that it is read."""
    return True


@dataclass(frozen=True)
class Engine:
    """One of the readers of a review.

    `reads` says of a path whether a file there matters to it; only such files are in the change that `check` gets, and
    where there is none it is not asked.
    With `each_file_alone` what it finds in a file depends on nothing but that file and the surroundings, and it speaks
    of no other: it gets files that changed only, and neither entries nor what could not be read. Without
    `reads_history` it gets no history.
    One that is not `inline` is too slow for whoever pushes to wait: it reads what was taken afterwards, and no deploy
    goes before it has.
    Engines of one `group` run in one process, one after the other: those that parse the same, and small ones, whose
    work takes less than a process of their own. One that fails there is asked again, alone.
    `check` raises when it cannot do its work: then nothing passes.
    """

    name: str
    check: Check
    reads: Callable[[str], bool] = reads_everything
    each_file_alone: bool = False
    reads_history: bool = False
    inline: bool = True
    group: str = ""
    version: str = importlib.metadata.version("bailiwick")
