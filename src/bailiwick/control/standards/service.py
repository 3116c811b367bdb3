"""What people do with standards: propose a version, decide about it, put it into force. Each is one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.review import StandardNotValidError, faults_in_standard
from bailiwick.control.standards.model import StandardSet, StandardVersion
from bailiwick.control.standards.tables import StandardVersionRow
from bailiwick.control.versions import Kind, Version, VersionBook
from bailiwick.core.clock import Clock
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

STANDARDS = Kind(StandardVersionRow, Version, noun="standard", a="a standard", fact="standard")


@dataclass(frozen=True)
class StandardService:
    """Standards stand on the organisation or a folder. `on_change` is told of the session once others are in force."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    clock: Clock
    on_change: Callable[[Session], None] = lambda _: None

    @cached_property
    def book(self) -> VersionBook[StandardVersionRow, Version]:
        """The versions of all standards."""
        return VersionBook(STANDARDS, self.store, self.audit, self.authorizer, self.catalog, self.clock)

    def sets(self, session: Session, by: Identity) -> list[StandardSet]:
        """Return the standards that somebody may read, by name."""
        return [item for item in self.book.sets(session) if self._readable(session, by, item.scope)]

    def history(self, session: Session, by: Identity, name: str) -> list[StandardVersion]:
        """Return every version, newest first; to those who may not read it, it looks as if there were none."""
        found = self.book.history(session, name)
        if not found or not self._readable(session, by, found[0].scope):
            raise self.book.unknown(name)
        return found

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""
        self.history(session, by, name)
        return self.book.difference(session, self.book.row(session, name, version))

    def may(self, session: Session, by: Identity, action: str, version: StandardVersion) -> Decision:
        """Return whether somebody may approve a version or put it into force."""
        facts = {"author": version.author} if action == "standard.approve" else {}
        return self.authorizer.decide(session, by, action, version.scope, facts)

    def scopes(self, session: Session, by: Identity) -> list[str]:
        """Return where somebody may propose standards: the organisation first, then folders by path."""
        return self.authorizer.allowed_among(session, by, "standard.propose", self.book.places(session))

    def propose(self, by: Identity, name: str, *, scope: str, text: str, reason: str) -> StandardVersion:
        """Propose a version. What cannot be read, or fails its own tests, is refused."""
        reason = given_reason(reason)
        self.book.require_name(name)
        with self.store.transaction() as session:
            self.book.require_place(session, scope)
            decision = self.authorizer.require(session, by, "standard.propose", scope)
            _require_good(name, text)
            row = self.book.draft(session, by, name, scope=scope, text=text, reason=reason)
            return self.book.keep(session, by, row, decision)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> StandardVersion:
        """Approve a version that somebody else proposed."""
        return self.book.approve(by, name, version, reason)

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> StandardVersion:
        """Refuse a version, for good."""
        return self.book.refuse(by, name, version, reason)

    def activate(self, by: Identity, name: str, version: int, reason: str = "") -> StandardVersion:
        """Put a version that was approved into force, or one that was before; from the next push on it counts.

        One that weakens what is in force was approved like any other: there is no way past a second person.
        """
        with self.store.transaction() as session:
            row = self.book.row(session, name, version, lock=True)
            decision = self.authorizer.require(session, by, "standard.propose", row.scope)
            self.book.require_approved(row)
            _require_good(name, row.text)
            done = self.book.activate(session, by, row, decision, reason)
            self.on_change(session)
            return done

    def _readable(self, session: Session, by: Identity, scope: str) -> bool:
        """Say whether somebody may read what stands on a scope: those whom it binds read there, or further below."""
        inside = "folder:" if scope == ORGANIZATION else f"{scope}/"
        places = [scope, *(place for place in self.book.places(session) if place.startswith(inside))]
        return bool(self.authorizer.allowed_among(session, by, "standard.read", places))


def _require_good(name: str, text: str) -> None:
    faults = faults_in_standard(name, text)
    if faults:
        raise StandardNotValidError(faults)
