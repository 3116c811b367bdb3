"""What releases need to know of who may decide: by a right of their own, or by one that was handed to them."""

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.release.model import Judgement
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity


class Deciders(Protocol):
    """Answers who may decide about a deploy. The caller brings the transaction."""

    def judge(self, session: Session, identity: Identity, app: str, facts: Mapping[str, ContextValue]) -> Judgement:
        """Return whether somebody may decide, and for whom when not by their own right; nothing is done."""

    def settle(self, session: Session, identity: Identity, app: str, facts: Mapping[str, ContextValue]) -> Judgement:
        """Answer as `judge` does what takes effect."""

    def helps_somebody(self, session: Session, identity: Identity) -> bool:
        """Return whether anybody handed a right to this person that counts now."""
