"""The verbs of domains: bind, unbind, list."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.domains.errors import DomainTakenError, NoSuchDomainError
from bailiwick.control.domains.model import Domain, checked_host
from bailiwick.control.domains.tables import DomainRow
from bailiwick.control.identity import Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_MOST_OF_AN_APP = 20


class DomainService:
    """Each verb is one transaction with its audit event; `on_change` brings it to the planes.

    `own` are the platform's domains: nobody binds a name under these.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        clock: Clock,
        own: Collection[str],
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock
        self._own = own
        self._on_change = on_change

    def of_app(self, session: Session, identity: Identity, app: str) -> list[Domain]:
        """Return the names of an app to whoever may see it."""
        found = self._catalog.readable_app(session, identity, app)
        rows = session.scalars(select(DomainRow).where(DomainRow.app == found.path).order_by(DomainRow.host))
        return [_domain(row) for row in rows]

    def has(self, session: Session, app: str, host: str) -> bool:
        """Return whether an app has a name."""
        return session.scalar(select(DomainRow.host).where(DomainRow.host == host, DomainRow.app == app)) is not None

    def explain_change(self, session: Session, identity: Identity, app: str) -> Decision:
        """Answer whether somebody may bind names to an app; nothing is done."""
        return self._authorizer.explain(session, identity, "domain.manage", f"app:{app}")

    def bind(self, identity: Identity, app: str, host: str, reason: str) -> Domain:
        """Give an app a name in production.

        Raises `InvalidInputError` for what is no host name or the platform's, `DomainTakenError` when an app has it.
        """
        reason = given_reason(reason, "say what the name is for", what="a domain")
        name = checked_host(host, self._own)
        with self._store.transaction() as session:
            found = self._catalog.app(session, app)
            decision = self._authorizer.require(session, identity, "domain.manage", found.resource)
            count = session.scalar(select(func.count()).where(DomainRow.app == found.path)) or 0
            if count >= _MOST_OF_AN_APP:
                raise ConflictError(f"{found.path} has {count} names already, and no app has more")
            row = DomainRow(
                host=name, app=found.path, bound_by=str(identity.principal), bound_at=self._clock(), reason=reason
            )
            session.add(row)
            try:
                session.flush()
            except IntegrityError:
                raise DomainTakenError(f"{name} is an app's already", hint="unbind it there first") from None
            self._note(session, identity, "domain.bound", decision, row, reason)
            bound = _domain(row)
        self._on_change()
        return bound

    def unbind(self, identity: Identity, app: str, host: str, reason: str) -> Domain:
        """Take a name from an app; raise `NoSuchDomainError` when it does not have it."""
        reason = given_reason(reason, "say why it goes", what="a domain")
        with self._store.transaction() as session:
            found = self._catalog.app(session, app)
            decision = self._authorizer.require(session, identity, "domain.manage", found.resource)
            named = select(DomainRow).where(DomainRow.host == host.strip().lower(), DomainRow.app == found.path)
            row = session.scalars(named.with_for_update()).one_or_none()
            if row is None:
                raise NoSuchDomainError(f"{found.path} has no name '{host[:80]}'", hint="bailiwick domain list APP")
            self._note(session, identity, "domain.unbound", decision, row, reason)
            unbound = _domain(row)
            session.delete(row)
        self._on_change()
        return unbound

    def _note(
        self, session: Session, identity: Identity, action: str, decision: Decision, row: DomainRow, reason: str
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            action,
            f"app:{row.app}",
            reason=reason,
            deciders=decision.deciders,
            app=row.app,
            context={"host": row.host},
        )


def domains_by_app(session: Session) -> Mapping[str, tuple[str, ...]]:
    """Return the names of every app that has some."""
    found: dict[str, tuple[str, ...]] = {}
    for row in session.scalars(select(DomainRow).order_by(DomainRow.host)):
        found[row.app] = (*found.get(row.app, ()), row.host)
    return found


def _domain(row: DomainRow) -> Domain:
    return Domain(row.host, row.app, row.bound_by, row.bound_at, row.reason)
