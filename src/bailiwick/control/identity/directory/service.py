"""The directory: what SCIM says of people and groups becomes who may sign in and which roles they hold."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, GatheringLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.directory import problems, resources, tokens, views
from bailiwick.control.identity.directory.changes import Changes, claim_problem
from bailiwick.control.identity.directory.errors import NameTakenError
from bailiwick.control.identity.directory.model import (
    DirectoryClient,
    DirectoryToken,
    Draft,
    Kind,
    NewDirectoryToken,
    Record,
)
from bailiwick.control.identity.directory.resources import Found
from bailiwick.control.identity.directory.views import DirectoryView
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.ids import new_id, new_secret
from bailiwick.core.principals import Identity
from bailiwick.store import Store
from bailiwick.store.locks import hold

LONGEST_TOKEN_LIFETIME = timedelta(days=366)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LOCK = "directory"


@dataclass(frozen=True)
class DirectoryService:
    """What directories and their administrators do. `on_change` tells planes, once credentials have ended; `read_by_us`
    are the directories that settings tell us to read, which need no token and get none.

    Verbs that take a session belong inside `entered`, which is where a client's right to them is decided.
    """

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    clock: Clock
    on_change: Callable[[], None]
    read_by_us: frozenset[str] = frozenset()

    # -- tokens --------------------------------------------------------------------------------------------------

    def issue_token(self, by: Identity, directory: str, *, days: int, purpose: str) -> NewDirectoryToken:
        """Make a token for a directory, good for so many days; whoever makes it answers for it."""
        lifetime = tokens.lifetime_of(days, LONGEST_TOKEN_LIFETIME)
        if not _NAME.fullmatch(directory):
            raise InvalidInputError(
                f"'{directory[:60]}' cannot name a directory", hint="use a-z, 0-9 and -, beginning with a letter"
            )
        if directory in self.read_by_us:
            raise ConflictError(
                f"the directory '{directory}' is read over LDAP and needs no token", hint="choose another name"
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
                hold(session, _LOCK)
            facts = {
                "holds_token": bool(client.token_id) and tokens.still_holds(session, client, self.clock),
                "read_by_us": not client.token_id and client.directory in self.read_by_us,
            }
            self.authorizer.require(session, client.identity, "directory.sync", ORGANIZATION, facts)
            yield session

    # -- how directories stand -----------------------------------------------------------------------------------

    def directories(self, by: Identity) -> list[DirectoryView]:
        """Return every directory, by name."""
        with self.store.transaction() as session:
            self.authorizer.require(session, by, "directory.read", ORGANIZATION)
            found = views.names(session, self.read_by_us)
            return [views.view(session, name, read_by_us=name in self.read_by_us) for name in found]

    def directory(self, by: Identity, name: str) -> DirectoryView:
        """Return one directory; raise `NotFoundError` when there is none of this name."""
        with self.store.transaction() as session:
            self.authorizer.require(session, by, "directory.read", ORGANIZATION)
            if name not in views.names(session, self.read_by_us):
                raise NotFoundError(
                    f"there is no directory '{name[:60]}'", hint="bailiwick directory list shows those that there are"
                )
            return views.view(session, name, read_by_us=name in self.read_by_us)

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

    @contextmanager
    def changing(self, session: Session, client: DirectoryClient) -> Iterator[Changes]:
        """Yield what writes the directory's resources; people's groups follow, and planes are told, at the end."""
        changes = Changes(session, client, GatheringLog(self.clock), self.clock)
        yield changes
        changes.settle()
        if changes.told:
            self.store.after_commit(session, self.on_change)

    def create(self, session: Session, client: DirectoryClient, draft: Draft) -> Record:
        """Take in a new user or group."""
        with self.changing(session, client) as changes:
            row = changes.create(draft)
        return resources.record(session, row)

    def replace(
        self, session: Session, client: DirectoryClient, resource_id: str, draft: Draft, *, expected: int | None
    ) -> Record:
        """Make a resource as the draft says, when it still has the version `expected`."""
        with self.changing(session, client) as changes:
            row = changes.replace(resource_id, draft, expected=expected)
        return resources.record(session, row)

    def change_members(
        self, session: Session, client: DirectoryClient, group_id: str, changes: Mapping[str, bool]
    ) -> int:
        """Let these be members of a group (true) and those not (false), whoever else is in it; return its version."""
        with self.changing(session, client) as made:
            return made.change_members(group_id, changes).version

    def delete(
        self, session: Session, client: DirectoryClient, kind: Kind, resource_id: str, *, expected: int | None
    ) -> None:
        """Forget a resource: a user's person is switched off, members of a group are in it no more."""
        with self.changing(session, client) as changes:
            changes.delete(kind, resource_id, expected=expected)

    def report_refused(self, client: DirectoryClient, draft: Draft, fault: NameTakenError) -> None:
        """Keep and audit, in a transaction of its own, that another directory has a user or group already."""
        if fault.holder == client.directory:
            return
        with self.store.transaction() as session:
            by = str(client.identity.principal)
            problems.report(session, self.audit, client.directory, claim_problem(draft, fault), by=by)
