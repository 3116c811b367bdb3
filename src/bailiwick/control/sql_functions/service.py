"""What people do with the functions of a database that may be called: propose, decide, put into force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.sql_functions.tables import SqlFunctionVersionRow
from bailiwick.control.versions import Kind, State, Version, VersionBook, VersionSet
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.sql_functions import AllowedFunction, read_functions
from bailiwick.store import Store

FUNCTIONS = Kind(SqlFunctionVersionRow, Version, noun="sql-function", a="the functions of", fact="integration")
_KIND = "postgresql"


@dataclass(frozen=True)
class SqlFunctionService:
    """One text for each PostgreSQL database. `on_change` is called when planes must hear of another one."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    integrations: IntegrationService
    clock: Clock
    on_change: Callable[[], None]

    @cached_property
    def book(self) -> VersionBook[SqlFunctionVersionRow, Version]:
        """The versions of all databases."""
        return VersionBook(FUNCTIONS, self.store, self.audit, self.authorizer, self.catalog, self.clock)

    def sets(self, session: Session, by: Identity) -> list[VersionSet[Version]]:
        """Return what there is of each database, by name; nothing for whoever may not read it."""
        readable = self.authorizer.decide(session, by, "sql-function.read", ORGANIZATION).allowed
        return self.book.sets(session) if readable else []

    def history(self, session: Session, by: Identity, name: str) -> list[Version]:
        """Return every version, newest first; to those who may not read it, it looks as if there were none."""
        found = self.book.history(session, name)
        if not found or not self.authorizer.decide(session, by, "sql-function.read", ORGANIZATION).allowed:
            raise self.book.unknown(name)
        return found

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""
        self.history(session, by, name)
        return self.book.difference(session, self.book.row(session, name, version))

    def propose(self, by: Identity, name: str, *, text: str, reason: str) -> Version:
        """Propose which functions of an integration may be called; what cannot be allowed is refused with its line."""
        reason = given_reason(reason)
        self.book.require_name(name)
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "sql-function.propose", ORGANIZATION)
            if self.integrations.integration(session, name).kind != _KIND:
                raise InvalidInputError(f"'{name}' is no PostgreSQL database", hint="elsewhere no functions are added")
            read_functions(text)
            row = self.book.draft(session, by, name, scope=ORGANIZATION, text=text, reason=reason)
            return self.book.keep(session, by, row, decision)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> Version:
        """Approve a version that somebody else proposed."""
        return self.book.approve(by, name, version, reason)

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> Version:
        """Refuse a version, for good."""
        return self.book.refuse(by, name, version, reason)

    def activate(self, by: Identity, name: str, version: int, reason: str = "") -> Version:
        """Put a version that was approved into force, or one that was before; planes hear of it at once."""
        with self.store.transaction() as session:
            row = self.book.row(session, name, version, lock=True)
            decision = self.authorizer.require(session, by, "sql-function.propose", ORGANIZATION)
            self.book.require_approved(row)
            # What is known to be dangerous may have become more since it was proposed.
            read_functions(row.text)
            done = self.book.activate(session, by, row, decision, reason)
            self.store.after_commit(session, self.on_change)
            return done

    def withdraw(self, by: Identity, name: str, version: int, reason: str) -> Version:
        """Take a version back, alone: what is in force is so no more, and planes hear of it at once."""
        reason = given_reason(reason)
        with self.store.transaction() as session:
            row = self.book.row(session, name, version, lock=True)
            decision = self.authorizer.require(session, by, "sql-function.propose", ORGANIZATION)
            done = self.book.withdraw(session, by, row, decision, reason)
            self.store.after_commit(session, self.on_change)
            return done

    def databases(self, session: Session) -> list[str]:
        """Return the integrations of which functions can be allowed, by name."""
        return [item.name for item in self.integrations.integrations(session) if item.kind == _KIND]

    def may(self, session: Session, by: Identity, action: str, version: Version) -> Decision:
        """Return whether somebody may approve a version, or put it into force and take it back."""
        facts = {"author": version.author} if action == "sql-function.approve" else {}
        return self.authorizer.decide(session, by, action, version.scope, facts)

    def in_force(self, session: Session) -> Mapping[str, tuple[AllowedFunction, ...]]:
        """Return which functions may be called, by integration; a text that is not understood any more allows none."""
        rows = session.scalars(select(SqlFunctionVersionRow).where(SqlFunctionVersionRow.state == State.ACTIVE))
        found = {row.name: _understood(row.text) for row in rows}
        return {name: functions for name, functions in found.items() if functions}


def _understood(text: str) -> tuple[AllowedFunction, ...]:
    try:
        return read_functions(text)
    except InvalidInputError:
        return ()
