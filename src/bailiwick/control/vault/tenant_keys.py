"""The keys of the tenant: made, opened, followed by another, wrapped anew, and destroyed.

Two locks keep order. `vault-key` is held by whoever changes keys. `vault-key-use` is held together by everyone who
seals a record until it is committed, and alone by whoever removes a version that no record uses: none is sealed under
it meanwhile.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from bailiwick.control.vault.cache import KeyCache
from bailiwick.control.vault.errors import KeyDestroyedError, KeyUnavailableError
from bailiwick.control.vault.keys import KEY_BYTES, KeyProvider, Wrapped
from bailiwick.control.vault.tables import SecretRow, TenantKeyRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store
from bailiwick.store.locks import hold, hold_together

_CHANGING, _USING = "vault-key", "vault-key-use"


@dataclass(frozen=True, slots=True)
class TenantKey:
    """What may be shown of a version of the tenant's key: which company's key wraps it, and how many records use it."""

    version: int
    kek_id: str
    made_at: datetime | None
    wrapped_at: datetime | None
    destroyed_at: datetime | None
    records: int


class TenantKeys:
    """Works in the caller's transaction; opened keys are kept in the cache."""

    def __init__(self, store: Store, provider: KeyProvider, cache: KeyCache, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self.cache = cache

    def to_seal(self, session: Session) -> tuple[int, AESGCM]:
        """Return the newest version, making the first one, which nobody removes until the transaction is over."""
        hold_together(session, _USING)
        found = self._newest(session)
        if found is None:
            hold(session, _CHANGING)
            found = self._newest(session) or self._make(session, 1)
        version, wrapped = found
        return version, self.cipher(session, version, wrapped)

    def cipher(self, session: Session, version: int, wrapped: Wrapped) -> AESGCM:
        """Return the cipher of a version, which was read as `wrapped` before; it may have been wrapped anew since."""
        if not wrapped.blob:
            raise _destroyed()
        try:
            return self.cache.cipher(wrapped, self._unwrap)
        except KeyUnavailableError:
            now = self._wrapped(session, version)
            if now is None or now == wrapped:
                raise
            return self.cipher(session, version, now)

    def check(self, session: Session) -> None:
        """Return when the newest key opens, or there is none yet and one could be made; raise what is wrong."""
        found = self._newest(session)
        if found is None:
            self._provider.present()
        else:
            self.cipher(session, *found)

    def all(self, session: Session) -> list[TenantKey]:
        """Return every version, the oldest first."""
        used = select(func.count()).select_from(SecretRow).where(SecretRow.key_version == TenantKeyRow.version)
        query = select(
            TenantKeyRow.version,
            TenantKeyRow.kek_id,
            TenantKeyRow.made_at,
            TenantKeyRow.wrapped_at,
            TenantKeyRow.destroyed_at,
            used.scalar_subquery(),
        ).order_by(TenantKeyRow.version)
        return [TenantKey(*row) for row in session.execute(query)]

    def wrapped_by(self, session: Session) -> dict[int, str]:
        """Return which of the company's keys wraps each version."""
        rows = session.execute(select(TenantKeyRow.version, TenantKeyRow.kek_id))
        return {row.version: row.kek_id for row in rows}

    def outdated(self, session: Session) -> bool:
        """Return whether records are sealed under an older version than the newest; no key is opened for that."""
        newest = select(func.max(TenantKeyRow.version)).where(TenantKeyRow.destroyed_at.is_(None)).scalar_subquery()
        return bool(session.scalar(select(select(SecretRow.name).where(SecretRow.key_version < newest).exists())))

    def follow(self, session: Session) -> int:
        """Make the next version, under which everything is sealed from here on, and return its number."""
        hold(session, _CHANGING)
        found = self._newest(session)
        if found is not None and not found[1].blob:
            raise _destroyed()
        return self._make(session, found[0] + 1 if found is not None else 1)[0]

    def require_open(self, session: Session) -> None:
        """Return when every version opens, whatever the cache holds; raise `KeyUnavailableError` otherwise."""
        for _, wrapped in self._living(session):
            self._unwrap(wrapped)

    def wrap_anew(self, session: Session) -> tuple[str, int]:
        """Wrap every version by the company's present key; return its id and how many there were. No record is read."""
        hold(session, _CHANGING)
        done = 0
        for version, wrapped in self._living(session):
            again = self._provider.wrap(self._unwrap(wrapped), self._store.tenant)
            values = {"kek_id": again.kek_id, "wrapped": again.blob, "wrapped_at": self._clock()}
            session.execute(update(TenantKeyRow).where(TenantKeyRow.version == version).values(values))
            done += 1
        return self._provider.present(), done

    def remove_unused(self, session: Session) -> list[int]:
        """Remove the versions before the newest one that no record uses; return their numbers."""
        if not self._unused(session):
            return []
        hold(session, _USING)
        unused = self._unused(session)
        session.execute(delete(TenantKeyRow).where(TenantKeyRow.version.in_(unused)))
        return unused

    def destroy(self, session: Session) -> int:
        """Destroy every version; return how many there were. Nothing is sealed or opened again."""
        hold(session, _USING)
        hold(session, _CHANGING)
        count = len(list(self._living(session)))
        session.execute(update(TenantKeyRow).values(wrapped=b"", destroyed_at=self._clock()))
        return count

    def _make(self, session: Session, version: int) -> tuple[int, Wrapped]:
        wrapped = self._provider.wrap(os.urandom(KEY_BYTES), self._store.tenant)
        now = self._clock()
        row = TenantKeyRow(
            version=version,
            kek_id=wrapped.kek_id,
            wrapped=wrapped.blob,
            made_at=now,
            wrapped_at=now,
            destroyed_at=None,
        )
        session.add(row)
        session.flush()
        return version, wrapped

    def _unwrap(self, wrapped: Wrapped) -> bytes:
        return self._provider.unwrap(wrapped, self._store.tenant)

    def _newest(self, session: Session) -> tuple[int, Wrapped] | None:
        query = select(TenantKeyRow.version, TenantKeyRow.kek_id, TenantKeyRow.wrapped)
        row = session.execute(query.order_by(TenantKeyRow.version.desc()).limit(1)).one_or_none()
        return (row[0], Wrapped(row[1], row[2])) if row is not None else None

    def _wrapped(self, session: Session, version: int) -> Wrapped | None:
        query = select(TenantKeyRow.kek_id, TenantKeyRow.wrapped).where(TenantKeyRow.version == version)
        row = session.execute(query).one_or_none()
        return Wrapped(*row) if row is not None else None

    def _living(self, session: Session) -> Iterator[tuple[int, Wrapped]]:
        query = select(TenantKeyRow.version, TenantKeyRow.kek_id, TenantKeyRow.wrapped)
        for version, kek_id, blob in session.execute(query.where(TenantKeyRow.destroyed_at.is_(None))).all():
            yield version, Wrapped(kek_id, blob)

    def _unused(self, session: Session) -> list[int]:
        newest = select(func.max(TenantKeyRow.version)).scalar_subquery()
        used: ColumnElement[bool] = select(SecretRow.name).where(SecretRow.key_version == TenantKeyRow.version).exists()
        query = select(TenantKeyRow.version).where(
            TenantKeyRow.version < newest, TenantKeyRow.destroyed_at.is_(None), ~used
        )
        return list(session.scalars(query))


def _destroyed() -> KeyDestroyedError:
    return KeyDestroyedError(
        "the tenant's key was destroyed: what it sealed is gone for good",
        hint="set up a new installation for whoever goes on",
    )
