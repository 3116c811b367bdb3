"""What people do with signing keys: look at them, have another one follow, and revoke one."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.signing.store import SigningKeys
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.trust import PURPOSES, PublishedKey, Purpose
from bailiwick.store import Store

_LONGEST_REASON = 500


class Signed(Protocol):
    """What is needed of the release domain."""

    def signed_by(self, session: Session, key: str) -> list[str]:
        """Return the apps and modes that run a release with a signature of this key."""


class KeyService:
    """Opens the transaction, asks policy, changes the keys and audits it; planes are told at once."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        keys: SigningKeys,
        signed: Signed,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._keys = keys
        self._signed = signed
        self._clock = clock
        self._on_change = on_change

    def keys(self, identity: Identity) -> tuple[PublishedKey, ...]:
        """Return every key, the oldest of each purpose first."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "key.read", ORGANIZATION)
            return self._keys.published(session)

    def rotate(self, identity: Identity, purpose: str, reason: str, until: datetime | None = None) -> PublishedKey:
        """Have another key follow the present one of a purpose, whose signatures are good until a time, or for good."""
        wanted = _purpose(purpose)
        reason = _reason(reason)
        if until is not None and until <= self._clock():
            raise InvalidInputError(
                "the old key must count until a time to come", hint="revoke a key that must end now"
            )
        with self._store.transaction() as session:
            decision = self._decided(session, identity)
            key = self._keys.follow(session, wanted, by=str(identity.principal), ends=until)
            self._note(session, identity, "key.rotated", key, reason, decision)
            self._store.after_commit(session, self._on_change)
        return key

    def revoke(
        self, identity: Identity, key: str, reason: str, *, stop_running: bool = False
    ) -> tuple[PublishedKey, list[str]]:
        """End a key now: planes start nothing any more that it signed. Return it, and what runs with its signatures.

        One that still signs is followed by another first. With `stop_running` planes stop what it signed.
        """
        reason = _reason(reason)
        with self._store.transaction() as session:
            decision = self._decided(session, identity)
            found = self._found(session, key)
            if self._keys.now(session, found.purpose).key_id == found.id:
                self._keys.follow(session, found.purpose, by=str(identity.principal), ends=None)
            ended = self._keys.end(session, found, because=reason, stops=stop_running)
            self._note(session, identity, "key.revoked", ended, reason, decision, stops=stop_running)
            running = self._signed.signed_by(session, found.id)
            self._store.after_commit(session, self._on_change)
        return ended, running

    def running_with(self, identity: Identity, key: str) -> list[str]:
        """Return what runs with signatures of a key."""
        with self._store.transaction() as session:
            self._decided(session, identity)
            return self._signed.signed_by(session, self._found(session, key).id)

    def _decided(self, session: Session, identity: Identity) -> Decision:
        return self._authorizer.require(session, identity, "key.manage", ORGANIZATION)

    def _found(self, session: Session, key: str) -> PublishedKey:
        found = next((item for item in self._keys.published(session) if item.id == key), None)
        if found is None:
            raise NotFoundError(f"there is no signing key '{key[:40]}'", hint="bailiwick key list names them")
        if found.revoked:
            raise ConflictError(f"{found.id} is revoked already")
        return found

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        key: PublishedKey,
        reason: str,
        decision: Decision,
        *,
        stops: bool = False,
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"key:{key.id}",
            reason=reason,
            deciders=decision.deciders,
            context={"purpose": key.purpose, "public": key.public, "stops_running": stops},
        )


def _purpose(purpose: str) -> Purpose:
    found = next((item for item in PURPOSES if item == purpose), None)
    if found is None:
        raise InvalidInputError(f"no keys sign for '{purpose[:40]}'", hint=f"one of: {', '.join(PURPOSES)}")
    return found


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InvalidInputError("a change of keys needs a reason", hint="say in a few words why")
    return reason.strip()[:_LONGEST_REASON]
