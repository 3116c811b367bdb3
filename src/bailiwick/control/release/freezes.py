"""What releases need of freezes: whether one covers what somebody wants to bring to production."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.release.model import Candidate
from bailiwick.core.principals import Identity


class Freezes(Protocol):
    """Answers about freezes. The caller brings the transaction and asks before it writes anything."""

    def refusals(self, identity: Identity, app: str) -> AbstractContextManager[None]:
        """Return what is put around a transaction, so that a refusal in it is audited when it is over."""

    def hold_off(self, session: Session) -> None:
        """Let no freeze begin until the transaction is over."""

    def require_free(self, session: Session, identity: Identity, candidate: Candidate) -> Sequence[str]:
        """Return the freezes that a candidate passes by as their fix, mostly none; raise `FrozenError` that names who
        froze and why when another one covers it.
        """

    def why_not(self, session: Session, candidate: Candidate) -> str:
        """Return who froze a candidate and why, or nothing; nobody is asked and nothing is done."""

    def vouch(
        self, session: Session, identity: Identity, candidate: Candidate, requested_by: str = ""
    ) -> Sequence[str]:
        """Do as `require_free`, and raise `ForbiddenError` when somebody may not let a fix through; return the freezes
        that are passed by.
        """

    def let_through(
        self, session: Session, identity: Identity, freezes: Sequence[str], candidate: Candidate, reason: str
    ) -> None:
        """Remember that a release was let through as a fix, with its audit event."""

    def held(self, session: Session) -> Mapping[str, str]:
        """Return the releases that planes may not start, each with who froze it and why."""
