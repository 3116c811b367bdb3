"""Service identities and agents: made, changed, prolonged and ended by people, each act asked of policy and audited."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.revocation import revoke_services
from bailiwick.control.identity.services import owners, rows
from bailiwick.control.identity.services.keys import import_public_key, public_document
from bailiwick.control.identity.services.model import (
    LONGEST_LIFETIME,
    MOST_KEYS,
    MOST_TRUSTS,
    Service,
    ServiceDraft,
    ServiceKey,
    ServiceView,
    Trust,
    TrustDraft,
)
from bailiwick.control.identity.services.tables import MachineTokenRow, ServiceKeyRow, TrustRow
from bailiwick.control.identity.services.trusts import checked
from bailiwick.control.identity.tables import RoleRow, ServiceRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_NAME = re.compile(r"(service|agent):[a-z][a-z0-9-]{0,62}")
# Names under which the platform itself acts.
_OURS = frozenset({"service:configuration", "service:release", "service:schedule", "service:services", "service:vault"})
_BY_ITSELF = "service:services"
_MOST_PURPOSE = 2000


@dataclass(frozen=True)
class ServiceIdentities:
    """What administrators and owners do with service identities. `on_change` tells planes of ended credentials."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    clock: Clock
    on_change: Callable[[], None]

    # -- the identity itself -------------------------------------------------------------------------------------

    def create(self, by: Identity, draft: ServiceDraft) -> ServiceView:
        """Make a service identity or an agent. It needs somebody who answers for it, a purpose and an end."""
        if not _NAME.fullmatch(draft.name) or draft.name in _OURS:
            raise InvalidInputError(
                f"'{draft.name[:80]}' cannot name a service identity",
                hint="write service:nightly-report or agent:claude-code: a-z, 0-9 and -; some names are the platform's",
            )
        if draft.public and not draft.name.startswith("agent:"):
            raise InvalidInputError("only an agent can do without a credential of its own: a person stands behind it")
        now = self.clock()
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "service.manage", ORGANIZATION)
            if rows.find(session, draft.name) is not None:
                raise ConflictError(f"there is a '{draft.name}' already", hint=f"bailiwick service show {draft.name}")
            owners.require_owner(session, draft.owner)
            row = ServiceRow(
                name=draft.name,
                owner=draft.owner,
                purpose=_purpose(draft.purpose),
                public=draft.public,
                made_by=str(by.principal),
                created=now,
                expires=now + _lifetime(draft.days),
                active=True,
                epoch=0,
                last_used=None,
                ownerless_since=None,
            )
            session.add(row)
            _flush(session, f"there is a '{draft.name}' already")
            context: dict[str, ContextFact] = {
                "owner": row.owner,
                "purpose": row.purpose,
                "expires": row.expires.isoformat(),
                "public": row.public,
            }
            self._note(session, by, "service.created", draft.name, decision, context=context)
            return rows.view(session, row, now)

    def change(self, by: Identity, name: str, *, owner: str | None, purpose: str | None) -> ServiceView:
        """Give a service identity to another owner, or say anew what it is for; None leaves as it is."""
        with self.store.transaction() as session:
            row, decision = self._managed(session, by, name)
            if owner is not None:
                owners.require_owner(session, owner)
                row.owner, row.ownerless_since = owner, None
            if purpose is not None:
                row.purpose = _purpose(purpose)
            context: dict[str, ContextFact] = {"owner": row.owner, "purpose": row.purpose}
            self._note(session, by, "service.changed", name, decision, context=context)
            return rows.view(session, row, self.clock())

    def prolong(self, by: Identity, name: str, days: int) -> ServiceView:
        """Let a service identity live so many days from now, a year and a day at most."""
        with self.store.transaction() as session:
            row, decision = self._managed(session, by, name)
            row.expires = self.clock() + _lifetime(days)
            context: dict[str, ContextFact] = {"expires": row.expires.isoformat()}
            self._note(session, by, "service.prolonged", name, decision, context=context)
            return rows.view(session, row, self.clock())

    def disable(self, by: Identity, name: str, reason: str) -> ServiceView:
        """Switch a service identity off: everything that it holds ends at once. Its owner may, too."""
        reason = given_reason(reason, "say why, for the audit log: --reason")
        with self.store.transaction() as session:
            row = self._readable(session, by, name, lock=True)
            decision = self.authorizer.require(session, by, "service.disable", ORGANIZATION, {"owner": row.owner})
            self.switch_off(session, str(by.principal), name, reason, deciders=decision.deciders)
            return rows.view(session, row, self.clock())

    def switch_off(self, session: Session, by: str, name: str, reason: str, *, deciders: tuple[str, ...] = ()) -> None:
        """Switch a service identity off in the caller's transaction, whose caller asked policy."""
        rows.row_of(session, name, lock=True).active = False
        self.audit.note(session, by, "service.disabled", name, reason=reason, deciders=deciders)
        self._end(session, by, name, reason)

    def enable(self, by: Identity, name: str, reason: str) -> ServiceView:
        """Switch a service identity on again; what it held before stays ended."""
        reason = given_reason(reason, "say why, for the audit log: --reason")
        with self.store.transaction() as session:
            row, decision = self._managed(session, by, name)
            owners.require_owner(session, row.owner)
            row.active, row.ownerless_since = True, None
            self._note(session, by, "service.enabled", name, decision, reason=reason)
            return rows.view(session, row, self.clock())

    def remove(self, by: Identity, name: str, reason: str) -> None:
        """Forget a service identity with its keys, trusts, tokens and roles: nobody after it inherits any of them."""
        reason = given_reason(reason, "say why, for the audit log: --reason")
        with self.store.transaction() as session:
            row, decision = self._managed(session, by, name)
            self._end(session, str(by.principal), name, reason)
            held = session.scalars(delete(RoleRow).where(RoleRow.holder == name).returning(RoleRow.role)).all()
            session.delete(row)
            context: dict[str, ContextFact] = {"roles": tuple(sorted(set(held)))}
            self._note(session, by, "service.removed", name, decision, reason=reason, context=context)

    # -- what it proves itself with ------------------------------------------------------------------------------

    def add_key(self, by: Identity, name: str, jwk: Mapping[str, Any]) -> ServiceKey:
        """Register the public half of a key pair that only the service has (RFC 7523)."""
        key = import_public_key(jwk)
        with self.store.transaction() as session:
            _, decision = self._managed(session, by, name)
            self._require_room(session, ServiceKeyRow.service, name, MOST_KEYS, "keys")
            row = ServiceKeyRow(
                id=key.thumbprint(),
                service=name,
                jwk=public_document(key),
                added_by=str(by.principal),
                added=self.clock(),
                last_used=None,
            )
            session.add(row)
            _flush(session, "this key is registered already: each identity has keys of its own")
            context: dict[str, ContextFact] = {"key": row.id, "kind": str(row.jwk["kty"])}
            self._note(session, by, "service-key.added", name, decision, context=context)
            return rows.key_of(row)

    def remove_key(self, by: Identity, name: str, key_id: str, reason: str) -> None:
        """Take a key away, and all tokens with it: which of them came by this key is not told apart."""
        reason = given_reason(reason, "say why, for the audit log: --reason")
        with self.store.transaction() as session:
            _, decision = self._managed(session, by, name)
            statement = delete(ServiceKeyRow).where(ServiceKeyRow.service == name, ServiceKeyRow.id == key_id)
            if session.scalar(statement.returning(ServiceKeyRow.id)) is None:
                raise NotFoundError(f"{name} has no key '{key_id[:60]}'", hint=f"bailiwick service show {name}")
            context: dict[str, ContextFact] = {"key": key_id}
            self._note(session, by, "service-key.removed", name, decision, reason=reason, context=context)
            self._end(session, str(by.principal), name, reason)

    def add_trust(self, by: Identity, name: str, draft: TrustDraft) -> Trust:
        """Let tokens of another issuer stand for a service identity: a CI system's, a cluster's."""
        terms = checked(draft)
        with self.store.transaction() as session:
            _, decision = self._managed(session, by, name)
            self._require_room(session, TrustRow.service, name, MOST_TRUSTS, "trusts")
            row = TrustRow(
                id=new_id("tru"),
                service=name,
                issuer=terms.issuer,
                audience=terms.audience,
                subject=terms.subject,
                subject_prefix=terms.subject_prefix,
                claims=dict(terms.claims),
                jwks=dict(terms.jwks) if terms.jwks is not None else None,
                added_by=str(by.principal),
                added=self.clock(),
                last_used=None,
            )
            session.add(row)
            session.flush()
            context: dict[str, ContextFact] = {
                "trust": row.id,
                "issuer": row.issuer,
                "audience": row.audience,
                "subject": row.subject + ("…" if row.subject_prefix else ""),
                "claims": tuple(f"{claim}={value}" for claim, value in sorted(terms.claims.items())),
            }
            self._note(session, by, "service-trust.added", name, decision, context=context)
            return rows.trust_of(row)

    def remove_trust(self, by: Identity, name: str, trust_id: str, reason: str) -> None:
        """Trust an issuer's tokens no more for this identity; all its tokens end."""
        reason = given_reason(reason, "say why, for the audit log: --reason")
        with self.store.transaction() as session:
            _, decision = self._managed(session, by, name)
            statement = delete(TrustRow).where(TrustRow.service == name, TrustRow.id == trust_id)
            if session.scalar(statement.returning(TrustRow.id)) is None:
                raise NotFoundError(f"{name} has no trust '{trust_id[:60]}'", hint=f"bailiwick service show {name}")
            context: dict[str, ContextFact] = {"trust": trust_id}
            self._note(session, by, "service-trust.removed", name, decision, reason=reason, context=context)
            self._end(session, str(by.principal), name, reason)

    # -- looking -------------------------------------------------------------------------------------------------

    def view(self, by: Identity, name: str) -> ServiceView:
        """Return a service identity with its credentials, for whoever may read it."""
        with self.store.transaction() as session:
            return rows.view(session, self._readable(session, by, name), self.clock())

    def services(self, session: Session) -> list[Service]:
        """Return every service identity and agent by name."""
        return [rows.service_of(row) for row in session.scalars(select(ServiceRow).order_by(ServiceRow.name))]

    def tidy(self) -> None:
        """Note whose owners are gone, or there again, and forget tokens that ended; safe to repeat."""
        now = self.clock()
        with self.store.transaction() as session:
            session.execute(delete(MachineTokenRow).where(MachineTokenRow.expires < now))
            found = session.scalars(select(ServiceRow).with_for_update()).all()
            there = owners.there(session, {row.owner for row in found})
            for row in found:
                self._follow_owner(session, row, now, owned=row.owner in there)

    # -- shared --------------------------------------------------------------------------------------------------

    def _follow_owner(self, session: Session, row: ServiceRow, now: datetime, *, owned: bool) -> None:
        if owned == (row.ownerless_since is None):
            return
        row.ownerless_since = None if owned else now
        action = "service.owned" if owned else "service.orphaned"
        self.audit.note(session, _BY_ITSELF, action, row.name, context={"owner": row.owner})

    def _managed(self, session: Session, by: Identity, name: str) -> tuple[ServiceRow, Decision]:
        decision = self.authorizer.require(session, by, "service.manage", ORGANIZATION)
        return rows.row_of(session, name, lock=True), decision

    def _readable(self, session: Session, by: Identity, name: str, *, lock: bool = False) -> ServiceRow:
        row = rows.row_of(session, name, lock=lock)
        if not self.authorizer.decide(session, by, "service.read", ORGANIZATION, {"owner": row.owner}).allowed:
            raise NotFoundError(
                f"there is no service identity '{name[:80]}', or you may not see it", hint="bailiwick service list"
            )
        return row

    def _require_room(self, session: Session, column: Any, name: str, most: int, what: str) -> None:
        if (session.scalar(select(func.count()).where(column == name)) or 0) >= most:
            raise ConflictError(f"{name} has {most} {what} already", hint="remove one that is not used any more")

    def _end(self, session: Session, by: str, name: str, reason: str) -> None:
        revoke_services(session, self.audit, [name], by=by, reason=reason)
        self.store.after_commit(session, self.on_change)

    def _note(
        self,
        session: Session,
        by: Identity,
        action: str,
        name: str,
        decision: Decision,
        *,
        reason: str = "",
        context: Mapping[str, ContextFact] | None = None,
    ) -> None:
        who = str(by.principal)
        self.audit.note(session, who, action, name, reason=reason, deciders=decision.deciders, context=context)


def _lifetime(days: int) -> timedelta:
    lifetime = timedelta(days=min(max(days, 0), LONGEST_LIFETIME.days + 1))
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise InvalidInputError(f"a service identity lives from 1 to {LONGEST_LIFETIME.days} days, not {days}")
    return lifetime


def _purpose(text: str) -> str:
    if not text.strip() or len(text) > _MOST_PURPOSE:
        raise InvalidInputError("a service identity needs a purpose", hint="say what it is for, in a sentence")
    return text.strip()


def _flush(session: Session, taken: str) -> None:
    try:
        session.flush()
    except IntegrityError as fault:
        raise ConflictError(taken) from fault
