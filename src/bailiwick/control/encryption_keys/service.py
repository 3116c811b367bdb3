"""Looks at the keys of the vault, has others follow them, moves them between providers, and destroys them."""

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.encryption_keys.errors import ShreddingNotWaitingError
from bailiwick.control.encryption_keys.model import KeysView, Shredding
from bailiwick.control.encryption_keys.tables import ShreddingRow
from bailiwick.control.identity import ORGANIZATION, Authorizer, answering
from bailiwick.control.vault import KeyRing, KeyUnavailableError, Vault
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, UnavailableError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

_LOG = logging.getLogger("bailiwick.control")
_BATCH = 100
_PLACE = "installation"
_BY = "service:vault"
_WAITS = timedelta(hours=24)


class EncryptionKeyService:
    """Each verb asks policy, and leaves its audit event in the transaction of the change."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        vault: Vault,
        ring: KeyRing,
        own_key: bool,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._ring = ring
        self._own_key = own_key
        self._clock = clock

    def show(self, identity: Identity) -> KeysView:
        """Return the hierarchy as it is. The provider is asked whether the company's key can be used now."""
        present, problem = "", ""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "encryption-key.read", ORGANIZATION)
            versions, waiting = tuple(self._vault.keys.all(session)), self._waiting(session)
        try:
            present = self._ring.present()
        except KeyUnavailableError as fault:
            problem = f"{fault.message}; {fault.hint}"
        return KeysView(
            tenant=self._store.tenant,
            provider=self._ring.kind,
            present=present,
            problem=problem,
            cache_seconds=self._vault.keys.cache.seconds,
            own_key=self._own_key,
            versions=versions,
            waiting=_shredding(waiting) if waiting is not None else None,
        )

    def rotate_company(self, identity: Identity, reason: str) -> KeysView:
        """Have another of the company's keys wrap the tenant's, which are wrapped anew; no record is read.

        Safe to repeat when it was broken off: what an older key wrapped still opens.
        """
        return self._wrap_anew(identity, reason, "encryption-key.rotated", rotate=True)

    def move(self, identity: Identity, reason: str) -> KeysView:
        """Wrap the tenant's keys by the provider that the settings name, whoever wrapped them before."""
        return self._wrap_anew(identity, reason, "encryption-key.moved", rotate=False)

    def rotate_tenant(self, identity: Identity, reason: str) -> KeysView:
        """Seal under another tenant key from here on; what is sealed is sealed anew in the background."""
        reason = _reason(reason)
        with self._store.transaction() as session:
            decision = self._decided(session, identity)
            self._vault.keys.require_open(session)
            version = self._vault.keys.follow(session)
            self._note(session, identity, "encryption-key.rotated", reason, decision, level="tenant", version=version)
        return self.show(identity)

    def continue_sealing(self) -> int:
        """Seal anew what an older tenant key seals, in batches, and remove keys that nothing uses any more.

        Returns how many records there were. Safe to be broken off and to be done twice at once.
        """
        done = 0
        while count := self._seal_batch():
            done += count
        with self._store.transaction() as session:
            removed = self._vault.keys.remove_unused(session)
            if removed:
                context = {"versions": ", ".join(map(str, removed)), "level": "tenant"}
                self._audit.note(session, _BY, "encryption-key.removed", _PLACE, context=context)
        return done

    def ask_shredding(self, identity: Identity, tenant: str, reason: str) -> Shredding:
        """Ask for the tenant's keys to be destroyed; another person must confirm it within a day."""
        reason = _reason(reason)
        self._require_named(tenant)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "encryption-key.ask-shredding", ORGANIZATION)
            hold(session, "key-shredding")
            waiting = self._waiting(session)
            if waiting is not None:
                raise ConflictError(f"{waiting.asked_by} asked for it already", hint=f"bailiwick keys shred {tenant}")
            row = ShreddingRow(
                id=new_id("shr"),
                asked_by=str(identity.principal),
                asked_at=self._clock(),
                reason=reason,
                ended_by="",
                ended_at=None,
                outcome="",
            )
            session.add(row)
            session.flush()
            self._note(session, identity, "encryption-key.shredding-asked", reason, decision, shredding=row.id)
            return _shredding(row)

    def withdraw_shredding(self, identity: Identity, reason: str) -> Shredding:
        """End a wish to destroy the tenant's keys without doing it."""
        reason = _reason(reason)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "encryption-key.ask-shredding", ORGANIZATION)
            row = self._required(session)
            row.ended_by, row.ended_at, row.outcome = str(identity.principal), self._clock(), "withdrawn"
            self._note(session, identity, "encryption-key.shredding-withdrawn", reason, decision, shredding=row.id)
            return _shredding(row)

    def confirm_shredding(self, identity: Identity, tenant: str, reason: str) -> tuple[Shredding, str]:
        """Destroy the tenant's keys, which another person asked for; return what became of the company's key in words.

        What they sealed opens nowhere again. A provider that does not answer keeps its key: the words say so.
        """
        reason = _reason(reason)
        self._require_named(tenant)
        with self._store.transaction() as session:
            row = self._required(session)
            askers: dict[str, ContextValue] = {"askers": answering(session, [row.asked_by])}
            decision = self._authorizer.settle(session, identity, "encryption-key.shred", ORGANIZATION, askers)
            versions = 0
            if decision.allowed:
                versions = self._vault.keys.destroy(session)
                row.ended_by, row.ended_at, row.outcome = str(identity.principal), self._clock(), "shredded"
            self._audit.note(
                session,
                str(identity.principal),
                "encryption-key.shredded" if decision.allowed else "encryption-key.shredding-refused",
                _PLACE,
                outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
                reason=reason if decision.allowed else decision.reason,
                deciders=decision.deciders,
                context={"shredding": row.id, "asked_by": row.asked_by, "versions": versions},
            )
            shredding = _shredding(row)
        decision.require("ask an administrator who did not ask for it: bailiwick who-can")
        self._vault.keys.cache.clear()
        self._vault.linked.forget()
        return shredding, self._destroy_company(identity)

    def check(self) -> str:
        """Return why the vault does not open now, empty when it does; as late as the cache of opened keys lasts."""
        try:
            with self._store.transaction() as session:
                self._vault.keys.check(session)
        except UnavailableError as fault:
            return fault.message
        return ""

    def _wrap_anew(self, identity: Identity, reason: str, action: str, *, rotate: bool) -> KeysView:
        reason = _reason(reason)
        with self._store.transaction() as session:
            decision = self._decided(session, identity)
            hold(session, "company-key")
            self._vault.keys.require_open(session)  # before another key is made for nothing
            if rotate:
                self._ring.rotate()
            present, count = self._vault.keys.wrap_anew(session)
            self._note(session, identity, action, reason, decision, level="company", key=present, wrapped=count)
            self._store.after_commit(session, self._ring.settle)
        return self.show(identity)

    def _seal_batch(self) -> int:
        with self._store.transaction() as session:
            return self._vault.seal_anew(session, _BATCH) if self._vault.keys.outdated(session) else 0

    def _destroy_company(self, identity: Identity) -> str:
        if not self._own_key and self._ring.kind != "local-file":
            return "the company's key was left as it is: vault_keys.own_key does not say that it is this tenant's alone"
        try:
            words = self._ring.destroy()
        except KeyUnavailableError as fault:
            words = f"THE COMPANY'S KEY WAS NOT DESTROYED: {fault.message}; destroy it at the provider"
            _LOG.error("%s", words)
        with self._store.transaction() as session:
            context = {"what": words[:500]}
            self._audit.note(session, str(identity.principal), "encryption-key.destroyed", _PLACE, context=context)
        return words

    def _decided(self, session: Session, identity: Identity) -> Decision:
        return self._authorizer.require(session, identity, "encryption-key.manage", ORGANIZATION)

    def _require_named(self, tenant: str) -> None:
        if tenant != self._store.tenant:
            raise InvalidInputError(
                f"this installation's tenant is '{self._store.tenant}', not '{tenant[:80]}'",
                hint="name the tenant whose secrets are to be gone for good",
            )

    def _waiting(self, session: Session) -> ShreddingRow | None:
        query = select(ShreddingRow).where(
            ShreddingRow.ended_at.is_(None), ShreddingRow.asked_at > self._clock() - _WAITS
        )
        return session.scalars(query.order_by(ShreddingRow.asked_at.desc()).limit(1)).one_or_none()

    def _required(self, session: Session) -> ShreddingRow:
        hold(session, "key-shredding")
        row = self._waiting(session)
        if row is None:
            raise ShreddingNotWaitingError(
                "nobody asked to destroy the tenant's keys in the last day",
                hint="bailiwick keys shred TENANT --reason …",
            )
        return row

    def _note(
        self, session: Session, identity: Identity, action: str, reason: str, decision: Decision, **context: str | int
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            _PLACE,
            reason=reason,
            deciders=decision.deciders,
            context=context,
        )


def _reason(reason: str) -> str:
    return given_reason(reason, "say in a few words why", what="a change of keys")


def _shredding(row: ShreddingRow) -> Shredding:
    return Shredding(row.id, row.asked_by, row.asked_at, row.reason, row.ended_by, row.ended_at, row.outcome)
