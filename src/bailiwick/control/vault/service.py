"""The vault: secrets by name and signing keys by purpose, as ciphertext under a key per tenant."""

import os
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault.errors import SealBrokenError, SecretNotFoundError
from bailiwick.control.vault.keys import KEY_BYTES, KeyProvider
from bailiwick.control.vault.tables import SecretRow, TenantKeyRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.masking import Masker
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store
from bailiwick.store.locks import hold

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_LONGEST_VALUE = 16 * 1024
_NONCE_BYTES = 12
_SECRET, _SIGNING_KEY = "secret", "signing-key"


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """What may be shown of a secret."""

    name: str
    version: int
    created_by: str
    created_at: datetime


class Vault:
    """Seals with AES-256-GCM; the associated data bind a ciphertext to tenant, kind, name and version."""

    def __init__(self, store: Store, provider: KeyProvider, audit: AuditLog, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._audit = audit
        self._clock = clock

    def put(self, session: Session, name: str, value: str, *, by: str) -> int:
        """Store a new version of a secret and return its number; the event says who, never what."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"'{name[:80]}' cannot name a secret",
                hint="use a-z, 0-9 and -, beginning with a letter, 63 characters at most",
            )
        if not value or len(value.encode()) > _LONGEST_VALUE:
            raise InvalidInputError(f"a secret has between 1 and {_LONGEST_VALUE} bytes")
        version = self._add(session, _SECRET, name, value.encode(), by)
        self._audit.note(session, by, "secret.stored", f"secret:{name}", context={"version": version})
        return version

    def reveal(self, session: Session, name: str) -> str:
        """Return the newest value of a secret. Whoever calls this has asked policy and audits why."""
        row = self._newest(session, _SECRET, name)
        if row is None:
            raise SecretNotFoundError(f"there is no secret '{name[:80]}'", hint="bailiwick secret list shows the names")
        return self._open(session, row).decode()

    def names(self, session: Session) -> list[SecretInfo]:
        """Return what there is, newest versions only, without values."""
        query = select(SecretRow).where(SecretRow.kind == _SECRET).order_by(SecretRow.name, SecretRow.version)
        newest = {row.name: row for row in session.scalars(query)}
        return [SecretInfo(row.name, row.version, row.created_by, row.created_at) for row in newest.values()]

    def masker(self, session: Session) -> Masker:
        """Return what masks every value that the vault knows, older versions included."""
        rows = session.scalars(select(SecretRow).where(SecretRow.kind == _SECRET)).all()
        return Masker(self._open(session, row).decode() for row in rows)

    def signing_key(self, session: Session, purpose: str) -> SigningKey:
        """Return the signing key of a purpose, making it at the first use; two processes get the same one."""
        hold(session, f"signing-key/{purpose}")
        row = self._newest(session, _SIGNING_KEY, purpose)
        if row is not None:
            return SigningKey.from_raw(self._open(session, row))
        key = SigningKey.generate()
        self._add(session, _SIGNING_KEY, purpose, key.to_raw(), "service:vault")
        return key

    def new_signing_key(self, session: Session, purpose: str, *, by: str) -> SigningKey:
        """Return a new signing key of a purpose, which is the newest from here on; older ones stay sealed beside it."""
        hold(session, f"signing-key/{purpose}")
        key = SigningKey.generate()
        self._add(session, _SIGNING_KEY, purpose, key.to_raw(), by)
        return key

    def sealed_blob(self, session: Session, name: str) -> bytes | None:
        """Return a blob that a part of the platform sealed, such as the key of its certificate authority."""
        row = self._newest(session, "platform", name)
        return self._open(session, row) if row is not None else None

    def seal_blob(self, session: Session, name: str, content: bytes) -> None:
        """Seal a blob for a part of the platform."""
        self._add(session, "platform", name, content, "service:vault")

    def _add(self, session: Session, kind: str, name: str, content: bytes, by: str) -> int:
        key_version, key = self._tenant_key(session)
        newest = select(func.max(SecretRow.version)).where(SecretRow.kind == kind, SecretRow.name == name)
        version = (session.scalar(newest) or 0) + 1
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, content, self._binding(kind, name, version))
        row = SecretRow(
            kind=kind,
            name=name,
            version=version,
            key_version=key_version,
            sealed=sealed,
            created_by=by,
            created_at=self._clock(),
        )
        session.add(row)
        session.flush()
        return version

    def _newest(self, session: Session, kind: str, name: str) -> SecretRow | None:
        query = select(SecretRow).where(SecretRow.kind == kind, SecretRow.name == name)
        return session.scalars(query.order_by(SecretRow.version.desc()).limit(1)).one_or_none()

    def _open(self, session: Session, row: SecretRow) -> bytes:
        _, key = self._tenant_key(session, row.key_version)
        nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, self._binding(row.kind, row.name, row.version))
        except InvalidTag as fault:
            raise SealBrokenError(
                f"the {row.kind} '{row.name}' does not open: it was changed or moved",
                hint="store it again, and find out who wrote to the database",
            ) from fault

    def _binding(self, kind: str, name: str, version: int) -> bytes:
        return f"{self._store.tenant}|{kind}|{name}|{version}".encode()

    def _tenant_key(self, session: Session, version: int | None = None) -> tuple[int, bytes]:
        query = select(TenantKeyRow).order_by(TenantKeyRow.version.desc())
        if version is not None:
            query = query.where(TenantKeyRow.version == version)
        row = session.scalars(query.limit(1)).one_or_none()
        if row is not None:
            return row.version, self._provider.unwrap(row.wrapped)
        if version is not None:
            raise SealBrokenError("the tenant's key was destroyed: what it sealed is gone for good")
        hold(session, "vault-key")
        if session.scalar(select(func.count()).select_from(TenantKeyRow)):
            return self._tenant_key(session)
        key = os.urandom(KEY_BYTES)
        session.add(TenantKeyRow(version=1, kek_id=self._provider.kek_id, wrapped=self._provider.wrap(key)))
        session.flush()
        return 1, key
