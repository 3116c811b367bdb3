"""The vault: secrets by name and signing keys by purpose, as ciphertext under a key per tenant."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault.cache import CACHE_SECONDS, KeyCache
from bailiwick.control.vault.entries import enter, enter_rest, environment_of, environments
from bailiwick.control.vault.envelope import binding, seal, unseal
from bailiwick.control.vault.errors import SealBrokenError, SecretNotFoundError
from bailiwick.control.vault.keys import KeyProvider, Wrapped
from bailiwick.control.vault.known_values import KnownValues
from bailiwick.control.vault.leased import LeasedSecrets
from bailiwick.control.vault.linked import LinkedSecrets
from bailiwick.control.vault.model import Environment, Held, SecretInfo, require_name
from bailiwick.control.vault.stores import StoreOptions, open_stores
from bailiwick.control.vault.tables import SecretRow, TenantKeyRow
from bailiwick.control.vault.tenant_keys import TenantKeys
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.events import ContextFact
from bailiwick.core.keyed_masks import KEY_BYTES
from bailiwick.core.masking import Masker
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store
from bailiwick.store.locks import hold

_MASK_KEY, _PROMPT_KEY = "mask-key", "prompt-key"
_LONGEST_VALUE = 16 * 1024
STAGED_VERSION = 0
_SECRET, _STAGED, _SIGNING_KEY, _PLATFORM = "secret", "staged", "signing-key", "platform"

_Query = Select[str, str, int, int, bytes, str, str, bytes]


@dataclass(frozen=True, slots=True)
class _Record:
    """A sealed record with the key that it is sealed under, read in one statement: keys change at any time."""

    kind: str
    name: str
    version: int
    key_version: int
    sealed: bytes
    account: str
    key: Wrapped | None

    @classmethod
    def of(cls, row: Row[str, str, int, int, bytes, str, str, bytes]) -> "_Record":
        kind, name, version, key_version, sealed, account, kek_id, wrapped = row
        key = Wrapped(kek_id, wrapped) if kek_id is not None and wrapped is not None else None
        return cls(kind, name, version, key_version, sealed, account, key)


class Vault:
    """Seals with AES-256-GCM; the associated data bind a ciphertext to tenant, kind, name and version."""

    def __init__(
        self,
        store: Store,
        provider: KeyProvider,
        audit: AuditLog,
        clock: Clock,
        cache_seconds: float = CACHE_SECONDS,
        stores: Mapping[str, StoreOptions] | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self.keys = TenantKeys(store, provider, KeyCache(cache_seconds), clock)
        self.linked = LinkedSecrets(store, open_stores(stores or {}, cache_seconds), audit, clock, checked_value)
        self.leased = LeasedSecrets(self._add_account, audit, clock)
        self.known = KnownValues((_SECRET, _STAGED), self._values, lambda: len(self.linked.known), cache_seconds)

    def put(self, session: Session, name: str, value: str, *, by: str, environment: Environment | None = None) -> int:
        """Store a new version of a secret and return its number; the event says who, never what.

        A new secret is of production where no environment is said. Raises `ConflictError` for one of another.
        """
        require_name(name)
        content = checked_value(value)
        hold(session, f"secret/{name}")
        if self.linked.is_linked(session, name) or self.leased.is_leased(session, name):
            raise ConflictError(f"'{name}' lies in a store of the company", hint="write another version of it there")
        enter(session, name, environment, self._clock)
        version = self._add(session, _SECRET, name, content, by)
        context: dict[str, ContextFact] = {"version": version, "environment": environment_of(session, name)}
        self._audit.note(session, by, "secret.stored", f"secret:{name}", context=context)
        return version

    def environment(self, session: Session, name: str) -> Environment:
        """Return for which planes a secret is: production where nobody said it, or there is no such secret."""
        return environment_of(session, name)

    def enter_rest(self, session: Session, used_in: Callable[[], Mapping[str, Iterable[Environment]]]) -> None:
        """Say of secrets that were stored before they had an environment that they are for where they are used now."""
        enter_rest(session, used_in, self._clock)

    def reveal(self, session: Session, name: str) -> str:
        """Return the newest value of a secret. Whoever calls this has asked policy and audits why."""
        return self.held(session, name).value

    def held(self, session: Session, name: str) -> Held:
        """Return the newest version of a secret, with its value; as for `reveal`, the caller has asked policy.

        Of one that lies in a store this waits for the store: where others wait for the transaction, take `opener`.
        """
        return self.opener(session, name)()

    def opener(self, session: Session, name: str) -> Callable[[], Held]:
        """Return what gives the newest version of a secret once the transaction is over, as its store may be slow."""
        linked = self.linked.opener(session, name)
        if linked is not None:
            self.keys.check(session)  # whoever takes the company's key away takes all of them
            return linked
        self.leased.require_open(session, name)
        record = self._newest(session, _SECRET, name)
        if record is None:
            raise _no_secret(name)
        held = Held(record.version, record.account, self._open(session, record).decode())
        return lambda: held

    def version(self, session: Session, name: str, version: int) -> Held | None:
        """Return one version of a secret, with its value; None when there is none."""
        query = _selected().where(SecretRow.kind == _SECRET, SecretRow.name == name, SecretRow.version == version)
        record = next(self._records(session, query), None)
        if record is None:
            return None
        return Held(record.version, record.account, self._open(session, record).decode())

    def versions(self, session: Session, names: Collection[str]) -> Mapping[str, int]:
        """Return the newest version of each of these secrets that there is."""
        query = select(SecretRow.name, func.max(SecretRow.version)).where(
            SecretRow.kind == _SECRET, SecretRow.name.in_(names)
        )
        stored = {row.name: row[1] for row in session.execute(query.group_by(SecretRow.name))}
        return stored | {info.name: info.version for info in self.linked.infos(session, names)}

    def stage(self, session: Session, name: str, value: str, *, account: str, by: str) -> None:
        """Seal what may become the next version of a secret, instead of what was staged before; nobody gets it yet."""
        self.unstage(session, name)
        self._add(session, _STAGED, name, checked_value(value), by, account)

    def staged(self, session: Session, name: str) -> Held | None:
        """Return what is staged for a secret, None when nothing is."""
        record = self._newest(session, _STAGED, name)
        if record is None:
            return None
        return Held(record.version, record.account, self._open(session, record).decode())

    def unstage(self, session: Session, name: str) -> None:
        """Forget what is staged for a secret."""
        session.execute(delete(SecretRow).where(SecretRow.kind == _STAGED, SecretRow.name == name))

    def promote(self, session: Session, name: str, *, by: str) -> int:
        """Make what is staged the newest version of a secret, and return its number."""
        staged = self.staged(session, name)
        if staged is None:
            raise SecretNotFoundError(f"nothing is staged for the secret '{name[:80]}'", hint="rotate it again")
        hold(session, f"secret/{name}")
        version = self._add(session, _SECRET, name, staged.value.encode(), by, staged.account)
        self.unstage(session, name)
        self._audit.note(session, by, "secret.stored", f"secret:{name}", context={"version": version})
        return version

    def names(self, session: Session) -> list[SecretInfo]:
        """Return what there is, newest versions only, without values."""
        query = select(SecretRow).where(SecretRow.kind == _SECRET).order_by(SecretRow.name, SecretRow.version)
        said = environments(session)
        newest = {row.name: row for row in session.scalars(query)}
        found = {row.name: _info(row, said.get(row.name, Environment.PRODUCTION)) for row in newest.values()}
        found |= {info.name: info for info in self.linked.infos(session)}
        found |= {info.name: _leased(info, found.get(info.name)) for info in self.leased.infos(session)}
        return [found[name] for name in sorted(found)]

    def info(self, session: Session, name: str) -> SecretInfo:
        """Return the newest version of a secret, without its value; raise `SecretNotFoundError` when there is none."""
        query = select(SecretRow).where(SecretRow.kind == _SECRET, SecretRow.name == name)
        row = session.scalars(query.order_by(SecretRow.version.desc()).limit(1)).one_or_none()
        found = _info(row, environment_of(session, name)) if row is not None else None
        for info in self.leased.infos(session, [name]):
            return _leased(info, found)
        for info in self.linked.infos(session, [name]):
            return info
        if found is None:
            raise _no_secret(name)
        return found

    def masker(self, session: Session) -> Masker:
        """Return what masks every value that the vault knows, those of older versions and staged ones included."""
        return self.known.masker(session)

    def versions_with(self, session: Session, values: Collection[str]) -> frozenset[tuple[str, int]]:
        """Return the names and versions that have one of these values; `STAGED_VERSION` is that of a staged one."""
        found = (record for record, value in self._known(session) if value in values)
        stored = ((it.name, STAGED_VERSION if it.kind == _STAGED else it.version) for it in found)
        linked = (self.linked.known[value] for value in values if value in self.linked.known)
        return frozenset([*stored, *linked])

    def _values(self, session: Session) -> Iterator[str]:
        yield from (value for _, value in self._known(session))
        yield from self.linked.known

    def _known(self, session: Session) -> Iterator[tuple[_Record, str]]:
        records = self._records(session, _selected().where(SecretRow.kind.in_((_SECRET, _STAGED))))
        return ((record, self._open(session, record).decode()) for record in records)

    def signing_key(self, session: Session, purpose: str) -> SigningKey:
        """Return the signing key of a purpose, making it at the first use; two processes get the same one."""
        hold(session, f"signing-key/{purpose}")
        record = self._newest(session, _SIGNING_KEY, purpose)
        if record is not None:
            return SigningKey.from_raw(self._open(session, record))
        key = SigningKey.generate()
        self._add(session, _SIGNING_KEY, purpose, key.to_raw(), "service:vault")
        return key

    def new_signing_key(self, session: Session, purpose: str, *, by: str) -> SigningKey:
        """Return a new signing key of a purpose, which is the newest from here on; older ones stay sealed beside it."""
        hold(session, f"signing-key/{purpose}")
        key = SigningKey.generate()
        self._add(session, _SIGNING_KEY, purpose, key.to_raw(), by)
        return key

    def mask_key(self, session: Session) -> str:
        """Return the key that masks of columns are made with (hexadecimal), making it at the first use.

        There is one for the whole organisation, so that the same value is the same everywhere: it is never made anew.
        """
        return self._own_key(session, _MASK_KEY).hex()

    def prompt_key(self, session: Session, plane: str) -> str:
        """Return the key that a plane seals what it keeps of prompts with (hexadecimal): each plane has its own.

        It follows from one of the whole organisation, and is gone with the tenant's keys.
        """
        first = self._own_key(session, _PROMPT_KEY)
        purpose = f"prompts/{plane}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(first).hex()

    def _own_key(self, session: Session, name: str) -> bytes:
        """Return a key of the platform's own, making it at the first use."""
        hold(session, f"platform/{name}")
        known = self.sealed_blob(session, name)
        if known is None:
            known = secrets.token_bytes(KEY_BYTES)
            self.seal_blob(session, name, known)
        return known

    def sealed_blob(self, session: Session, name: str) -> bytes | None:
        """Return a blob that a part of the platform sealed, such as the key of its certificate authority."""
        record = self._newest(session, _PLATFORM, name)
        return self._open(session, record) if record is not None else None

    def seal_blob(self, session: Session, name: str, content: bytes) -> None:
        """Seal a blob for a part of the platform."""
        self._add(session, _PLATFORM, name, content, "service:vault")

    def replace_blob(self, session: Session, name: str, content: bytes) -> None:
        """Seal a blob in the place of what had this name before, which is gone then."""
        version = self._add(session, _PLATFORM, name, content, "service:vault")
        self._forget(session, name, SecretRow.version < version)

    def forget_blob(self, session: Session, name: str) -> None:
        """Remove every version of a blob."""
        self._forget(session, name)

    def seal_anew(self, session: Session, most: int) -> int:
        """Seal some records under the newest key that are sealed under an older one; return how many there were.

        Safe to repeat and to break off; records that somebody else works on are left for the next time.
        """
        newest, cipher = self.keys.to_seal(session)
        old = _selected().where(SecretRow.key_version < newest).limit(most)
        records = list(self._records(session, old.with_for_update(of=SecretRow, skip_locked=True)))
        for record in records:
            sealed = seal(cipher, self._open(session, record), self._binding(record))
            changed = update(SecretRow).where(
                SecretRow.kind == record.kind, SecretRow.name == record.name, SecretRow.version == record.version
            )
            session.execute(changed.values(sealed=sealed, key_version=newest))
        return len(records)

    def _add_account(self, session: Session, name: str, password: str, account: str) -> int:
        return self._add(session, _SECRET, name, checked_value(password), "service:vault", account)

    def _add(self, session: Session, kind: str, name: str, content: bytes, by: str, account: str = "") -> int:
        key_version, cipher = self.keys.to_seal(session)
        newest = select(func.max(SecretRow.version)).where(SecretRow.kind == kind, SecretRow.name == name)
        version = (session.scalar(newest) or 0) + 1
        row = SecretRow(
            kind=kind,
            name=name,
            version=version,
            key_version=key_version,
            sealed=seal(cipher, content, binding(self._store.tenant, kind, name, version)),
            account=account,
            created_by=by,
            created_at=self._clock(),
        )
        session.add(row)
        session.flush()
        return version

    @staticmethod
    def _forget(session: Session, name: str, *which: ColumnElement[bool]) -> None:
        session.execute(delete(SecretRow).where(SecretRow.kind == _PLATFORM, SecretRow.name == name, *which))

    def _newest(self, session: Session, kind: str, name: str) -> _Record | None:
        query = _selected().where(SecretRow.kind == kind, SecretRow.name == name)
        return next(self._records(session, query.order_by(SecretRow.version.desc()).limit(1)), None)

    def _records(self, session: Session, query: _Query) -> Iterator[_Record]:
        return iter([_Record.of(row) for row in session.execute(query)])

    def _open(self, session: Session, record: _Record) -> bytes:
        what = f"{record.kind} '{record.name}'"
        if record.key is None:
            raise SealBrokenError(
                f"the {what} does not open: its key is not there", hint="restore a backup; find out who removed it"
            )
        cipher = self.keys.cipher(session, record.key_version, record.key)
        return unseal(cipher, record.sealed, self._binding(record), what)

    def _binding(self, record: _Record) -> bytes:
        return binding(self._store.tenant, record.kind, record.name, record.version)


def _info(row: SecretRow, environment: Environment) -> SecretInfo:
    return SecretInfo(row.name, row.version, row.created_by, row.created_at, row.account, environment)


def _leased(entry: SecretInfo, newest: SecretInfo | None) -> SecretInfo:
    """Return what may be shown of a secret that stands for accounts: the newest of them, and where they come from."""
    return replace(newest, lies=entry.lies) if newest is not None else replace(entry, version=0)


def _no_secret(name: str) -> SecretNotFoundError:
    return SecretNotFoundError(f"there is no secret '{name[:80]}'", hint="bailiwick secret list shows the names")


def checked_value(value: str) -> bytes:
    """Return a value that can be a secret as bytes; raise `InvalidInputError`, which does not repeat it, otherwise."""
    try:
        content = value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError("a secret is text, and this is none", hint="encode bytes, as in base64") from None
    if not content or len(content) > _LONGEST_VALUE:
        raise InvalidInputError(f"a secret has between 1 and {_LONGEST_VALUE} bytes")
    if b"\0" in content:
        raise InvalidInputError("a secret holds no NUL", hint="encode bytes, as in base64")
    return content


def _selected() -> _Query:
    return select(
        SecretRow.kind,
        SecretRow.name,
        SecretRow.version,
        SecretRow.key_version,
        SecretRow.sealed,
        SecretRow.account,
        TenantKeyRow.kek_id,
        TenantKeyRow.wrapped,
    ).outerjoin(TenantKeyRow, TenantKeyRow.version == SecretRow.key_version)
