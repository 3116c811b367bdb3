"""Consents that were begun: each belongs to one browser session, and ends there once, within ten minutes."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from bailiwick.control.consents.model import Place
from bailiwick.control.consents.tables import ConsentAttemptRow
from bailiwick.control.identity import SignedIn
from bailiwick.control.vault import Vault
from bailiwick.core.artifacts import digest
from bailiwick.core.clock import Clock

_ATTEMPT = timedelta(minutes=10)
_LONGEST_STATE = 200


class Attempts:
    """Keeps attempts, and what of one must stay secret in the vault."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def add(
        self, session: Session, visitor: SignedIn, place: Place, state: str, *, verifier: str = "", kept: str = ""
    ) -> None:
        """Remember an attempt in place of an earlier one of the same browser session; `kept` is sealed."""
        self._drop(
            session,
            ConsentAttemptRow.session_id == visitor.session_id,
            ConsentAttemptRow.integration == place.integration,
            ConsentAttemptRow.plane == place.plane,
        )
        row = ConsentAttemptRow(
            state_hash=digest(state.encode()),
            integration=place.integration,
            plane=place.plane,
            person=visitor.identity.principal.name,
            session_id=visitor.session_id,
            verifier=verifier,
            fingerprint=place.fingerprint,
            expires=self._clock() + _ATTEMPT,
        )
        session.add(row)
        if kept:
            self._vault.replace_blob(session, _blob_name(row.state_hash), kept.encode())

    def spend(self, session: Session, visitor: SignedIn, integration: str, state: str) -> ConsentAttemptRow | None:
        """Return what was begun with a state in this session, which is over by that; nobody else uses it up."""
        found = self.look(session, visitor, integration, state)
        if found is None:
            return None
        gone = self._drop(session, ConsentAttemptRow.state_hash == found.state_hash)
        return found if gone else None

    def look(self, session: Session, visitor: SignedIn, integration: str, state: str) -> ConsentAttemptRow | None:
        """Return the same, and leave it."""
        if not state or len(state) > _LONGEST_STATE:
            return None
        query = select(ConsentAttemptRow).where(
            ConsentAttemptRow.state_hash == digest(state.encode()),
            ConsentAttemptRow.session_id == visitor.session_id,
            ConsentAttemptRow.person == visitor.identity.principal.name,
            ConsentAttemptRow.integration == integration,
            ConsentAttemptRow.expires >= self._clock(),
        )
        return session.scalars(query).one_or_none()

    def kept(self, session: Session, attempt: ConsentAttemptRow) -> str:
        """Return what was sealed with an attempt, empty for nothing."""
        return (self._vault.sealed_blob(session, _blob_name(attempt.state_hash)) or b"").decode()

    def forget(self, session: Session) -> None:
        """Remove those that ran out."""
        self._drop(session, ConsentAttemptRow.expires < self._clock())

    def _drop(self, session: Session, *which: ColumnElement[bool]) -> list[str]:
        gone = list(session.scalars(delete(ConsentAttemptRow).where(*which).returning(ConsentAttemptRow.state_hash)))
        for state_hash in gone:
            self._vault.forget_blob(session, _blob_name(state_hash))
        return gone


def _blob_name(state_hash: str) -> str:
    return f"consent-attempt/{state_hash}"
