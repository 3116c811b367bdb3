"""The signing keys of the control plane: in the vault by purpose and version, their public halves in rows."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bailiwick.control.signing.tables import SigningKeyRow
from bailiwick.core.chain import TrustedKeys
from bailiwick.core.clock import Clock
from bailiwick.core.statements import Envelope, Keyring, SigningKey
from bailiwick.core.trust import PURPOSES, KeyChanges, PublishedKey, Purpose, endorse, trusted_at


class KeyVault(Protocol):
    """What is needed of the vault."""

    def signing_key(self, session: Session, purpose: str) -> SigningKey:
        """Return the newest signing key of a purpose, making it at the first use."""

    def new_signing_key(self, session: Session, purpose: str, *, by: str) -> SigningKey:
        """Return a new signing key of a purpose, which is the newest from here on."""


class SigningKeys:
    """Reads and changes them in the caller's transaction."""

    def __init__(self, vault: KeyVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def prepare(self, session: Session) -> None:
        """Make the first key of every purpose, and write down those that were there before there were rows."""
        known = {row.purpose for row in self._rows(session)}
        for purpose in PURPOSES:
            key = self._vault.signing_key(session, purpose)
            if purpose not in known:
                self._add(session, purpose, key, 1, None)
        session.flush()

    def now(self, session: Session, purpose: Purpose) -> SigningKey:
        """Return the key that signs for a purpose now."""
        return self._vault.signing_key(session, purpose)

    def published(self, session: Session) -> tuple[PublishedKey, ...]:
        """Return every key, the oldest of each purpose first."""
        return tuple(_published(row) for row in self._rows(session))

    def trusted(self, session: Session) -> TrustedKeys:
        """Return whose signatures count now."""
        return trusted_at(self.published(session), self._clock())

    def first(self, session: Session, purpose: Purpose) -> str:
        """Return the key that planes pin: the first of its purpose."""
        return next(row.public for row in self._rows(session) if row.purpose == purpose)

    def changes(self, session: Session) -> KeyChanges:
        """Return what became of the first keys, for planes."""
        rows = list(self._rows(session))
        return KeyChanges(
            endorsements=tuple(Envelope.model_validate(row.endorsement) for row in rows if row.endorsement),
            ending=tuple(_published(row) for row in rows if row.ends is not None),
        )

    def follow(self, session: Session, purpose: Purpose, *, by: str, ends: datetime | None) -> PublishedKey:
        """Make the next key of a purpose, endorsed by the one before, which counts until `ends` (None: further on)."""
        # Takes the lock of the purpose: of two at once, the second one follows the first.
        old = self._vault.signing_key(session, purpose)
        before = [row for row in self._rows(session) if row.purpose == purpose][-1]
        new = self._vault.new_signing_key(session, purpose, by=by)
        row = self._add(session, purpose, new, before.number + 1, old)
        if ends is not None and before.ends is None:
            before.ends = ends
            before.because = "another key took its place"
        session.flush()
        return _published(row)

    def end(self, session: Session, key: PublishedKey, *, because: str, stops: bool) -> PublishedKey:
        """Say that a key was revoked, as of now."""
        values = {"ends": self._clock(), "revoked": True, "because": because, "stops": stops}
        session.execute(update(SigningKeyRow).where(SigningKeyRow.id == key.id).values(**values))
        return key.model_copy(update=values)

    def _rows(self, session: Session) -> Iterator[SigningKeyRow]:
        query = select(SigningKeyRow).order_by(SigningKeyRow.purpose, SigningKeyRow.number)
        return iter(session.scalars(query.execution_options(populate_existing=True)).all())

    def _add(
        self, session: Session, purpose: Purpose, key: SigningKey, number: int, by: SigningKey | None
    ) -> SigningKeyRow:
        named = PublishedKey(id=key.key_id, purpose=purpose, public=key.public_text, since=self._clock())
        row = SigningKeyRow(
            id=named.id,
            purpose=purpose,
            number=number,
            public=named.public,
            since=named.since,
            endorsement=json.loads(endorse(named, by).model_dump_json(by_alias=True)) if by is not None else None,
            ends=None,
            revoked=False,
            because="",
            stops=False,
        )
        session.add(row)
        return row


class LiveKey:
    """The key that signs for a purpose, whichever that is at the moment."""

    def __init__(self, keys: SigningKeys, purpose: Purpose) -> None:
        self._keys = keys
        self._purpose = purpose

    def now(self, session: Session) -> SigningKey:
        """Return it."""
        return self._keys.now(session, self._purpose)

    def counts(self, session: Session, envelope: Envelope) -> bool:
        """Return whether every key that signed an envelope still counts for this purpose."""
        trusted: Keyring = getattr(self._keys.trusted(session), self._purpose)
        return all(signature.keyid in trusted.keys for signature in envelope.signatures)


def _published(row: SigningKeyRow) -> PublishedKey:
    return PublishedKey.model_validate(
        {
            "id": row.id,
            "purpose": row.purpose,
            "public": row.public,
            "since": row.since,
            "ends": row.ends,
            "revoked": row.revoked,
            "because": row.because,
            "stops": row.stops,
        }
    )
