"""The directory: what SCIM says of people and groups becomes who may sign in and which roles they hold."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, text
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import resources, tokens
from bailiwick.control.identity.directory.model import (
    DirectoryClient,
    DirectoryToken,
    Draft,
    Kind,
    NewDirectoryToken,
    Record,
)
from bailiwick.control.identity.directory.people import Described, People, attributes_of, users_below
from bailiwick.control.identity.directory.resources import Found
from bailiwick.control.identity.directory.tables import ResourceRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id, new_secret
from bailiwick.core.principals import Identity
from bailiwick.store import Store

LONGEST_TOKEN_LIFETIME = timedelta(days=366)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('bailiwick-directory ' || :tenant, 0))")


@dataclass(frozen=True)
class DirectoryService:
    """What directories and their administrators do. `on_change` tells planes, once credentials have ended.

    Verbs that take a session belong inside `entered`, which is where a client's right to them is decided.
    """

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    clock: Clock
    on_change: Callable[[], None]

    # -- tokens --------------------------------------------------------------------------------------------------

    def issue_token(self, by: Identity, directory: str, *, days: int, purpose: str) -> NewDirectoryToken:
        """Make a token for a directory, good for so many days; whoever makes it answers for it."""
        lifetime = tokens.lifetime_of(days, LONGEST_TOKEN_LIFETIME)
        if not _NAME.fullmatch(directory):
            raise InvalidInputError(
                f"'{directory[:60]}' cannot name a directory", hint="use a-z, 0-9 and -, beginning with a letter"
            )
        if lifetime is None:
            raise InvalidInputError(f"a token lives from 1 to {LONGEST_TOKEN_LIFETIME.days} days, not {days}")
        secret = new_secret(tokens.TOKEN_PREFIX)
        now = self.clock()
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "directory.manage", ORGANIZATION)
            token = DirectoryToken(new_id("dtk"), directory, by.principal.name, purpose, now, now + lifetime)
            tokens.keep(session, secret, token)
            self.audit.note(
                session,
                str(by.principal),
                "directory-token.issued",
                f"directory:{directory}",
                deciders=decision.deciders,
                context={"token": token.id, "expires": token.expires.isoformat(), "purpose": purpose},
            )
        return NewDirectoryToken(secret, token)

    def tokens(self, by: Identity) -> list[DirectoryToken]:
        """Return every directory's tokens, without secrets."""
        with self.store.transaction() as session:
            self.authorizer.require(session, by, "directory.manage", ORGANIZATION)
            return tokens.listed(session)

    def every_token(self, session: Session) -> list[DirectoryToken]:
        """Return every directory's tokens, without secrets, for whoever has asked policy already."""
        return tokens.listed(session)

    def revoke_token(self, by: Identity, token_id: str) -> DirectoryToken:
        """Withdraw a token, at once; return what it was."""
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "directory.manage", ORGANIZATION)
            token = tokens.withdraw(session, token_id)
            if token is None:
                raise NotFoundError(f"there is no directory token '{token_id[:60]}'")
            self.audit.note(
                session,
                str(by.principal),
                "directory-token.revoked",
                f"directory:{token.directory}",
                deciders=decision.deciders,
                context={"token": token.id},
            )
            return token

    def authenticate(self, secret: str) -> DirectoryClient:
        """Return which directory shows this secret."""
        with self.store.transaction() as session:
            return tokens.authenticate(session, secret, self.clock)

    @contextmanager
    def entered(self, client: DirectoryClient, *, writing: bool) -> Iterator[Session]:
        """Yield a transaction in which a directory may act. Writers of one tenant take turns, so none waits crosswise.

        Raises `ForbiddenError` when policy says no, as when the token was withdrawn meanwhile.
        """
        with self.store.transaction() as session:
            if writing:
                session.execute(_LOCK, {"tenant": self.store.tenant})
            holds = tokens.still_holds(session, client, self.clock)
            self.authorizer.require(session, client.identity, "directory.sync", ORGANIZATION, {"holds_token": holds})
            yield session

    # -- users and groups ----------------------------------------------------------------------------------------

    def get(self, session: Session, client: DirectoryClient, kind: Kind, resource_id: str, *, links: bool) -> Record:
        """Return one resource of the directory."""
        row = resources.row_of(session, client.directory, kind, resource_id, lock=False)
        return resources.record(session, row, links=links)

    def find(
        self,
        session: Session,
        client: DirectoryClient,
        where: ColumnElement[bool],
        order: Sequence[SQLColumnExpression[Any]],
        *,
        offset: int,
        limit: int | None,
        links: bool,
    ) -> Found:
        """Return a page of the directory's resources."""
        return resources.find(session, client.directory, where, order, offset=offset, limit=limit, links=links)

    def create(self, session: Session, client: DirectoryClient, draft: Draft) -> Record:
        """Take in a new user or group."""
        now = self.clock()
        row = ResourceRow(
            id=new_id(draft.kind.lower()),
            directory=client.directory,
            kind=draft.kind,
            version=0,
            created=now,
            modified=now,
        )
        resources.write(session, row, draft)
        self._take_effect(session, client, row, draft, before=None)
        return resources.record(session, row)

    def replace(
        self, session: Session, client: DirectoryClient, resource_id: str, draft: Draft, *, expected: int | None
    ) -> Record:
        """Make a resource as the draft says, when it still has the version `expected`.

        One that is so already keeps its version, and nothing is audited: directories send everything again and again.
        """
        row = resources.row_of(session, client.directory, draft.kind, resource_id, lock=True)
        resources.require_version(row, expected)
        if resources.is_as(session, row, draft):
            return resources.record(session, row)
        before = _Before(row.name, row.email, attributes_of(row.document))
        row.modified = max(self.clock(), row.modified)
        resources.write(session, row, draft)
        self._take_effect(session, client, row, draft, before=before)
        return resources.record(session, row)

    def delete(
        self, session: Session, client: DirectoryClient, kind: Kind, resource_id: str, *, expected: int | None
    ) -> None:
        """Forget a resource: a user's person is switched off, members of a group are in it no more."""
        row = resources.row_of(session, client.directory, kind, resource_id, lock=True)
        resources.require_version(row, expected)
        below = users_below(session, [row.id]) if kind is Kind.GROUP else set()
        session.delete(row)
        session.flush()
        by, people = str(client.identity.principal), self._people()
        if kind is Kind.USER:
            told = row.email is not None and people.dismiss(
                session, row.email, by=by, reason="removed by the directory"
            )
        else:
            told = people.regroup(session, below, by=by)
            self.audit.note(session, by, "group.removed", f"group:{row.name}", context={"id": row.id})
        self._tell(session, told=told)

    def _take_effect(
        self, session: Session, client: DirectoryClient, row: ResourceRow, draft: Draft, *, before: "_Before | None"
    ) -> None:
        by = str(client.identity.principal)
        if draft.kind is Kind.USER:
            told = self._person_follows(session, row, draft, before, by=by)
        else:
            told = self._members_follow(session, row, draft, before, by=by)
        self._tell(session, told=told)

    def _person_follows(
        self, session: Session, row: ResourceRow, draft: Draft, before: "_Before | None", *, by: str
    ) -> bool:
        people, told = self._people(), False
        if before is not None and before.email is not None and before.email != draft.email:
            told = people.dismiss(session, before.email, by=by, reason="the directory gave them another address")
        if draft.email is not None:
            said = Described(draft.email, draft.display_name, draft.active, draft.attributes)
            known = before.attributes if before is not None and before.email == draft.email else {}
            told |= people.describe(session, said, known, by=by)
            told |= people.regroup(session, [row.id], by=by)
        return told

    def _members_follow(
        self, session: Session, row: ResourceRow, draft: Draft, before: "_Before | None", *, by: str
    ) -> bool:
        added, removed = resources.set_members(session, row, draft.members)
        was = before.name if before is not None else draft.name
        renamed = was != draft.name
        touched = users_below(session, [row.id, *removed] if renamed else [*added, *removed])
        told = self._people().regroup(session, touched, by=by)
        action = "group.changed" if before is not None else "group.created"
        context: dict[str, ContextFact] = {
            "id": row.id,
            "added": len(added),
            "removed": len(removed),
            "before": was if renamed else "",
        }
        self.audit.note(session, by, action, f"group:{row.name}", context=context)
        return told

    def _people(self) -> People:
        return People(self.audit, self.clock)

    def _tell(self, session: Session, *, told: bool) -> None:
        if told:
            self.store.after_commit(session, self.on_change)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a resource said until now."""

    name: str
    email: str | None
    attributes: dict[str, str]
