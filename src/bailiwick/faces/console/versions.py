"""What pages have in common for texts in versions: the words above a card, what waits, and what is done with one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bailiwick.control.versions import State, Version, VersionSet
from bailiwick.core.errors import NotFoundError
from bailiwick.core.principals import Identity
from bailiwick.faces.console.words import ago, count

V = TypeVar("V", bound=Version)
Act = Callable[[Identity, str, int, str], Version]


class Decides(Protocol):
    """What people do with a version."""

    @property
    def approve(self) -> Act:
        """Approve it."""

    @property
    def refuse(self) -> Act:
        """Refuse it, for good."""

    @property
    def activate(self) -> Act:
        """Put it into force."""


def act_of(service: Decides, verb: str) -> Act:
    """Return what a form asks for; raise `NotFoundError` when there is no such thing to do."""
    act = {"approve": service.approve, "refuse": service.refuse, "activate": service.activate}.get(verb)
    if act is None:
        raise NotFoundError("there is no such thing to do here")
    return act


def version_among(versions: Sequence[V], version: int, name: str) -> V:
    """Return one of the versions, the newest first, of a name; the newest for 0."""
    for item in versions:
        if version in {0, item.version}:
            return item
    raise NotFoundError(f"there is no version {version} of '{name[:60]}'")


def waiting_words(sets: Sequence[VersionSet[Version]]) -> str:
    """Return how many proposals wait, in words."""
    waiting = sum(item.newest.state is State.PROPOSED for item in sets)
    return f"{count(waiting, 'proposal')} {'waits' if waiting == 1 else 'wait'} for a decision"


def story_of(found: Version, now: datetime) -> str:
    """Return who proposed a version where and why, and who decided what about it."""
    asked = f"On {found.scope}, proposed by {found.author} {ago(found.time, now)}: {found.reason}"
    if not found.decided_by:
        return asked
    verb = "refused" if found.state is State.REFUSED else "approved"
    why = f": {found.decided_reason}" if found.decided_reason else ""
    return f"{asked}; {verb} by {found.decided_by}{why}"
