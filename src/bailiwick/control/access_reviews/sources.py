"""What can be reviewed: each kind of access says what is held now, and takes away what was decided.

A new kind is a new `Source`: nothing else in this domain knows what an access is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews.model import Held, Kind, Outcome
from bailiwick.control.identity import scope_chain

PLACES = ("app:", "folder:", "integration:", "secret:", "organization:")


class Source(Protocol):
    """One kind of access."""

    @property
    def kind(self) -> Kind:
        """What its items are."""

    def collect(self, session: Session, scope: str, now: datetime) -> Sequence[Held]:
        """Return all access under a scope, with evidence; the number of questions to the database is fixed."""

    def remove(self, session: Session, held: Held, *, by: str, reason: str) -> tuple[Outcome, str]:
        """Take an access away in the caller's transaction; return what became of it, and words when it is not plain.

        Raises a `BailiwickError` before anything is changed where it must not go.
        """


def places(where: str) -> Sequence[str]:
    """Return the scopes around a place, itself first; none for what no role is held on (a person, a session)."""
    return scope_chain(where) if where.startswith(PLACES) and where.partition(":")[2] else ()


def is_under(scope: str, place: str) -> bool:
    """Return whether a place is a scope or below it."""
    return scope in places(place)


def latest(moments: Iterator[datetime | None]) -> datetime | None:
    """Return the latest of these moments, or None when there is none."""
    return max((moment for moment in moments if moment is not None), default=None)
