"""What people do with standards: propose a version, decide about it, put it into force. Each is one transaction."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.policies import State, WrongStateError, difference
from bailiwick.control.review import StandardNotValidError, faults_in_standard
from bailiwick.control.standards.model import StandardSet, StandardVersion
from bailiwick.control.standards.register import version_of
from bailiwick.control.standards.tables import StandardVersionRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.store import Store

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LONGEST_DIFF = 16_384


@dataclass(frozen=True)
class StandardService:
    """Standards stand on the organisation or a folder. `on_change` is told of the session once others are in force."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    clock: Clock
    on_change: Callable[[Session], None] = lambda _: None

    def sets(self, session: Session, by: Identity) -> list[StandardSet]:
        """Return the standards that somebody may read, by name."""
        rows = session.scalars(
            select(StandardVersionRow).order_by(StandardVersionRow.name, StandardVersionRow.version)
        ).all()
        newest = {row.name: row for row in rows}
        active = {row.name: version_of(row) for row in rows if row.state == State.ACTIVE}
        return [
            StandardSet(name, row.scope, version_of(row), active.get(name))
            for name, row in newest.items()
            if self._readable(session, by, row.scope)
        ]

    def history(self, session: Session, by: Identity, name: str) -> list[StandardVersion]:
        """Return every version, newest first; to those who may not read it, it looks as if there were none."""
        query = select(StandardVersionRow).where(StandardVersionRow.name == name)
        rows = session.scalars(query.order_by(StandardVersionRow.version.desc())).all()
        if not rows or not self._readable(session, by, rows[0].scope):
            raise NotFoundError(
                f"there is no standard '{name[:60]}'", hint="bailiwick standard list shows those there are"
            )
        return [version_of(row) for row in rows]

    def difference(self, session: Session, by: Identity, name: str, version: int) -> str:
        """Return the diff from the version in force to another."""
        self.history(session, by, name)
        return self._difference(session, self._row(session, name, version))

    def may(self, session: Session, by: Identity, action: str, version: StandardVersion) -> Decision:
        """Return whether somebody may approve a version or put it into force."""
        facts = {"author": version.author} if action == "standard.approve" else {}
        return self.authorizer.decide(session, by, action, version.scope, facts)

    def scopes(self, session: Session, by: Identity) -> list[str]:
        """Return where somebody may propose standards: the organisation first, then folders by path."""
        every = [ORGANIZATION, *(f"folder:{folder.path}" for folder in self.catalog.folders(session))]
        return [scope for scope in every if self.authorizer.decide(session, by, "standard.propose", scope).allowed]

    def propose(self, by: Identity, name: str, *, scope: str, text: str, reason: str) -> StandardVersion:
        """Propose a version. What cannot be read, or fails its own tests, is refused."""
        _require_reason(reason)
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"'{name[:60]}' cannot name a standard", hint="use a-z, 0-9 and -, from a letter on"
            )
        with self.store.transaction() as session:
            self._require_scope(session, scope)
            decision = self.authorizer.require(session, by, "standard.propose", scope)
            _require_good(name, text)
            query = select(StandardVersionRow).where(StandardVersionRow.name == name)
            newest = session.scalars(
                query.order_by(StandardVersionRow.version.desc()).limit(1).with_for_update()
            ).one_or_none()
            if newest is not None and newest.scope != scope:
                raise ConflictError(f"the standard '{name}' stands on {newest.scope}", hint="choose another name")
            row = StandardVersionRow(
                name=name,
                version=newest.version + 1 if newest is not None else 1,
                scope=scope,
                text=text,
                author=str(by.principal),
                reason=reason.strip()[:2000],
                time=self.clock(),
                state=State.PROPOSED,
                decided_by="",
                decided_reason="",
                decided_at=None,
                activated_by="",
                activated_at=None,
            )
            _add(session, row)
            self._note(session, by, "standard.proposed", row, decision, reason)
            return version_of(row)

    def approve(self, by: Identity, name: str, version: int, reason: str = "") -> StandardVersion:
        """Approve a version that somebody else proposed."""
        return self._decide(by, name, version, State.APPROVED, reason)

    def refuse(self, by: Identity, name: str, version: int, reason: str) -> StandardVersion:
        """Refuse a version, for good."""
        _require_reason(reason)
        return self._decide(by, name, version, State.REFUSED, reason)

    def activate(self, by: Identity, name: str, version: int, reason: str = "") -> StandardVersion:
        """Put a version that was approved into force, or one that was before; from the next push on it counts.

        One that weakens what is in force was approved like any other: there is no way past a second person.
        """
        with self.store.transaction() as session:
            row = self._row(session, name, version, lock=True)
            decision = self.authorizer.require(session, by, "standard.propose", row.scope)
            if row.state not in {State.APPROVED, State.SUPERSEDED}:
                raise WrongStateError(
                    f"{name}@{version} is {row.state}", hint="only what was approved is put into force"
                )
            _require_good(name, row.text)
            before = self._active(session, name)
            self._note(session, by, "standard.activated", row, decision, reason)
            if before is not None:
                before.state = State.SUPERSEDED
                session.flush()
            row.state, row.activated_by, row.activated_at = State.ACTIVE, str(by.principal), self.clock()
            session.flush()
            self.on_change(session)
            return version_of(row)

    def _decide(self, by: Identity, name: str, version: int, state: State, reason: str) -> StandardVersion:
        with self.store.transaction() as session:
            row = self._row(session, name, version, lock=True)
            decision = self.authorizer.require(session, by, "standard.approve", row.scope, {"author": row.author})
            if row.state != State.PROPOSED:
                raise WrongStateError(f"{name}@{version} is {row.state}", hint="only a proposal is decided about")
            row.state, row.decided_by = state, str(by.principal)
            row.decided_reason, row.decided_at = reason.strip()[:2000], self.clock()
            session.flush()
            self._note(session, by, f"standard.{state}", row, decision, reason)
            return version_of(row)

    def _readable(self, session: Session, by: Identity, scope: str) -> bool:
        """Say whether somebody may read what stands on a scope: those whom it binds read there, or further below."""
        inside = "folder:" if scope == ORGANIZATION else f"{scope}/"
        below = [f"folder:{folder.path}" for folder in self.catalog.folders(session)]
        places = [scope, *(place for place in below if place.startswith(inside))]
        held = self.authorizer.holders_of(session, places)
        return any(self.authorizer.decide_held(by, "standard.read", place, held[place]).allowed for place in places)

    def _row(self, session: Session, name: str, version: int, *, lock: bool = False) -> StandardVersionRow:
        query = select(StandardVersionRow).where(StandardVersionRow.name == name, StandardVersionRow.version == version)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no version {version} of a standard '{name[:60]}'",
                hint=f"bailiwick standard history {name[:60]}",
            )
        return row

    def _active(self, session: Session, name: str) -> StandardVersionRow | None:
        query = select(StandardVersionRow).where(
            StandardVersionRow.name == name, StandardVersionRow.state == State.ACTIVE
        )
        return session.scalars(query).one_or_none()

    def _require_scope(self, session: Session, scope: str) -> None:
        folders = {f"folder:{folder.path}" for folder in self.catalog.folders(session)}
        if scope != ORGANIZATION and scope not in folders:
            raise NotFoundError(
                f"a standard cannot stand on '{scope[:80]}'", hint=f"{ORGANIZATION}, or a folder: folder:…"
            )

    def _difference(self, session: Session, row: StandardVersionRow) -> str:
        before = self._active(session, row.name)
        label = f"{row.name}@{before.version}" if before is not None else "nothing in force"
        return difference(before.text if before else "", row.text, names=(label, f"{row.name}@{row.version}"))

    def _note(
        self, session: Session, by: Identity, action: str, row: StandardVersionRow, decision: Decision, reason: str
    ) -> None:
        diff = self._difference(session, row)
        self.audit.note(
            session,
            str(by.principal),
            action,
            row.scope,
            reason=reason,
            deciders=decision.deciders,
            context={
                "standard": row.name,
                "version": row.version,
                "author": row.author,
                "diff": diff[:_LONGEST_DIFF],
                "diff_is_whole": len(diff) <= _LONGEST_DIFF,
            },
        )


def _add(session: Session, row: StandardVersionRow) -> None:
    try:
        session.add(row)
        session.flush()
    except IntegrityError as fault:
        raise ConflictError(
            f"somebody else just proposed '{row.name}'", hint="look at theirs, then propose again"
        ) from fault


def _require_good(name: str, text: str) -> None:
    faults = faults_in_standard(name, text)
    if faults:
        raise StandardNotValidError(faults)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInputError("this needs a reason", hint="say why, for the audit log")
