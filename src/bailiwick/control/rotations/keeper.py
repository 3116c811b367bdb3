"""Takes rotations further, step by step: what a source is asked to do lies between two transactions.

A step that was cut off is done again once nobody can be at it any more, which every source can bear. Up to the switch
the old value is in force, and what fails leaves it so; planes act on the switch before the old value is taken away.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as TookTooLongError
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.background import in_thread
from bailiwick.control.rotations.client_authority import ClientAuthority
from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.model import Cause, Rule, State
from bailiwick.control.rotations.rows import end, new_rotation, note_step, source_of
from bailiwick.control.rotations.service import RotationService
from bailiwick.control.rotations.sources import (
    AnySource,
    CertificateSource,
    Credential,
    HookTarget,
    ServerTarget,
    Work,
)
from bailiwick.control.rotations.tables import RotationRow
from bailiwick.control.vault import Vault
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control.rotations")
_BY = "service:vault"
_STEP_SECONDS = 60.0
# Whoever takes a rotation has it for so long, which is longer than a step may take.
_TAKEN = timedelta(seconds=2 * _STEP_SECONDS)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
_GIVE_UP = timedelta(hours=1)
# A plane that does not say that it acts on the switch asks again within a minute by itself.
_PLANES = timedelta(minutes=2)
_STORED_MEANWHILE = "somebody stored another version meanwhile: that one is in force"
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class _Task:
    """A step that is taken: what to ask of which source."""

    id: str
    state: State
    source: AnySource
    work: Work


class RotationKeeper:
    """Safe to run twice and to be cut off anywhere. `on_switch` returns once planes that listen act on a change."""

    def __init__(
        self,
        service: RotationService,
        *,
        store: Store,
        audit: AuditLog,
        vault: Vault,
        hooks: Callable[[], Mapping[str, HookTarget]],
        servers: Mapping[str, ServerTarget],
        certificates: ClientAuthority,
        on_switch: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._service = service
        self._store = store
        self._audit = audit
        self._vault = vault
        self._hooks = hooks
        self._servers = servers
        self._certificates = certificates
        self._on_switch = on_switch
        self._clock = clock

    def keep(self) -> None:
        """Begin what is due, and take every rotation as far as it goes now."""
        self._service.start_due()
        with self._store.transaction() as session:
            due = select(RotationRow.id).where(
                RotationRow.ended_at.is_(None),
                RotationRow.state != State.BY_HAND,
                RotationRow.next_try_at <= self._clock(),
            )
            found = list(session.scalars(due.order_by(RotationRow.next_try_at)))
        for identifier in found:
            try:
                while self._advance(identifier):
                    pass
            except BailiwickError as fault:
                self._later(identifier, None, fault)

    def _advance(self, identifier: str) -> bool:
        """Take a rotation one step further; return whether another step may follow at once."""
        with self._store.transaction() as session:
            row = self._take(session, identifier)
            if row is None:
                return False
            match State(row.state):
                case State.ASKED:
                    return self._stage(session, row)
                case State.TESTED:
                    return self._switch(session, row)
            task = self._task(session, row)
        try:
            return self._made(task) if task.state is State.STAGED else self._revoked(task)
        except SourceRefusedError as fault:
            self._refused(task, fault)
        except BailiwickError as fault:
            self._later(identifier, task.state, fault)
        return False

    def _take(self, session: Session, identifier: str) -> RotationRow | None:
        """Return a rotation that nobody else is at and whose time has come, and keep it from others."""
        query = select(RotationRow).where(RotationRow.id == identifier, RotationRow.ended_at.is_(None))
        row = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
        now = self._clock()
        if row is None or row.next_try_at > now or row.state == State.BY_HAND:
            return None
        row.next_try_at = now + _TAKEN
        return row

    def _stage(self, session: Session, row: RotationRow) -> bool:
        """Seal the next value in the vault before any source hears of it, so that it is never lost."""
        source = _source(row)
        held = self._vault.held(session, row.name)
        row.old_version, row.old_account = held.version, held.account
        row.account = source.next_account(held.account)
        if isinstance(source, CertificateSource):
            value = self._certificates.issue(session, row.name, source.subject, source.lifetime)
        else:
            value = secrets.token_urlsafe(32)
        self._vault.stage(session, row.name, value, account=row.account, by=_BY)
        return self._on(row, State.STAGED, "a new value is sealed in the vault")

    def _task(self, session: Session, row: RotationRow) -> _Task:
        source = _source(row)
        old = self._vault.version(session, row.name, row.old_version)
        new = (
            self._vault.staged(session, row.name) if row.state == State.STAGED else self._vault.held(session, row.name)
        )
        if old is None or new is None:
            raise SourceRefusedError(f"the vault lost a value of {row.name}", hint="store a new one by hand")
        named = {name: self._vault.reveal(session, name) for name in source.secrets}
        identifier, name = row.id, row.name

        def keep(made: Credential | None, others: Mapping[str, str]) -> None:
            self._keep(identifier, name, made, others)
            named.update(others)

        work = Work(
            rotation=row.id,
            secret=row.name,
            old=Credential(old.account, old.value),
            new=Credential(new.account, new.value),
            at_once=row.cause == Cause.LEAK,
            read=named.__getitem__,
            keep=keep,
            revoke_certificate=self._certificates.revoke,
            hooks=self._hooks(),
            servers=self._servers,
        )
        return _Task(row.id, State(row.state), source, work)

    def _keep(self, identifier: str, name: str, made: Credential | None, others: Mapping[str, str]) -> None:
        """Seal what a source made, together: it may have forgotten what was before.

        A step that hung for long finds that somebody else went on, whose values are the newer ones.
        """
        with self._store.transaction() as session:
            row = self._mine(session, identifier, State.STAGED)
            if row is None:
                raise SourceUnavailableError("another step went on meanwhile")
            for other, value in others.items():
                self._vault.put(session, other, value, by=_BY)
            if made is not None:
                self._vault.stage(session, name, made.value, account=made.account, by=_BY)
                row.account = made.account

    def _made(self, task: _Task) -> bool:
        made = _within(lambda: task.source.make(task.work))
        with self._store.transaction() as session:
            row = self._mine(session, task.id, task.state)
            if row is None:
                return False
            if made != task.work.new:
                self._vault.stage(session, row.name, made.value, account=made.account, by=_BY)
                row.account = made.account
            who = f" as {made.account}" if made.account else ""
            return self._on(row, State.TESTED, f"it is in force at {task.source.words}, and signs in{who}")

    def _switch(self, session: Session, row: RotationRow) -> bool:
        """Make the new value the newest version; planes that listen act on it before anything else is done."""
        if self._vault.info(session, row.name).version != row.old_version:
            self._fail(session, row, _STORED_MEANWHILE)
            return False
        row.new_version = self._vault.promote(session, row.name, by=_BY)
        self._service.note_due(session, row.name, self._vault.reveal(session, row.name))
        now = self._clock()
        row.switched_at, row.revoke_at = now, now + timedelta(minutes=row.grace_minutes)
        leaves = _source(row).keeps_old
        words = f"version {row.new_version} is in force" + ("" if leaves else "; the old value works nowhere")
        self._on(row, State.SWITCHED, words)
        if leaves:
            row.next_try_at = max(row.revoke_at, now + _PLANES)
        self._note(session, row, "secret.rotated")
        self._store.after_commit(session, self._on_switch)
        return not leaves

    def _revoked(self, task: _Task) -> bool:
        words = _within(lambda: task.source.revoke(task.work))
        with self._store.transaction() as session:
            row = self._mine(session, task.id, task.state)
            if row is not None:
                self._finish(session, row, words)
        return False

    def _finish(self, session: Session, row: RotationRow, words: str) -> None:
        row.error = ""
        end(row, self._clock(), State.DONE, words)
        self._note(session, row, "secret.revoked", version=row.old_version)
        if row.again:
            session.flush()
            source, version = source_of(row.source), row.new_version
            rule = Rule("", source, 0, 0)
            words = "the value before leaked while it was put into force"
            session.add(new_rotation(row.name, rule, Cause.LEAK, row.asked_by, words, version, self._clock()))

    def _refused(self, task: _Task, fault: BailiwickError) -> None:
        """End a rotation that its source refuses, with the old value in force; taking one away is tried again."""
        if task.state is State.SWITCHED:
            self._later(task.id, task.state, fault)
            return
        with self._store.transaction() as session:
            row = self._mine(session, task.id, task.state)
            if row is not None:
                self._fail(session, row, _words(fault))

    def _later(self, identifier: str, state: State | None, fault: BailiwickError) -> None:
        """Try again later, and longer and longer; before the switch not for ever, where nothing can be lost by that."""
        with self._store.transaction() as session:
            row = self._mine(session, identifier, state)
            if row is None:
                return
            now = self._clock()
            row.attempts += 1
            row.error = _words(fault)
            row.next_try_at = now + min(_FIRST_WAIT * 2 ** min(row.attempts - 1, 10), _LONGEST_WAIT)
            if row.state == State.STAGED and self._vault.info(session, row.name).version != row.old_version:
                self._fail(session, row, _STORED_MEANWHILE)
                return
            # The new value may be in force already: what is sealed of it is not thrown away then.
            waits = row.state == State.ASKED or (row.state == State.STAGED and _source(row).forgets)
            if waits and now > row.asked_at + _GIVE_UP:
                self._fail(session, row, f"given up after an hour: {row.error}")

    def _fail(self, session: Session, row: RotationRow, words: str) -> None:
        self._vault.unstage(session, row.name)
        row.error = words
        end(row, self._clock(), State.FAILED, f"failed: {words}")
        _LOG.warning("the secret %s was not rotated: %s", row.name, words)
        self._note(session, row, "secret.rotation-failed", outcome=Outcome.FAILED, reason=words)

    def _mine(self, session: Session, identifier: str, state: State | None) -> RotationRow | None:
        """Return a rotation for writing, unless somebody else took it on from a state meanwhile."""
        query = select(RotationRow).where(RotationRow.id == identifier, RotationRow.ended_at.is_(None))
        row = session.scalars(query.with_for_update()).one_or_none()
        return row if row is not None and state in {None, row.state} else None

    def _on(self, row: RotationRow, state: State, words: str) -> bool:
        now = self._clock()
        row.state, row.error, row.attempts, row.next_try_at = state, "", 0, now
        note_step(row, now, words)
        return True

    def _note(
        self,
        session: Session,
        row: RotationRow,
        action: str,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        reason: str = "",
        version: int = 0,
    ) -> None:
        context: dict[str, ContextFact] = {
            "rotation": row.id,
            "cause": row.cause,
            "version": version or row.new_version,
        }
        self._audit.note(
            session, _BY, action, f"secret:{row.name}", outcome=outcome, reason=reason or row.reason, context=context
        )


def _source(row: RotationRow) -> AnySource:
    source = source_of(row.source)
    assert source is not None  # noqa: S101 - only rotations by hand have none, and nobody takes those
    return source


def _words(fault: BailiwickError) -> str:
    return f"{fault.message}; {fault.hint}" if fault.hint else fault.message


def _within(step: Callable[[], _Found]) -> _Found:
    """Return what a step comes to; one that hangs is left alone, as it is safe to repeat."""
    found: list[_Found] = []
    try:
        in_thread("rotation", lambda: found.append(step())).result(_STEP_SECONDS)
    except TookTooLongError:
        raise SourceUnavailableError(f"the source took longer than {_STEP_SECONDS:.0f} s") from None
    return found[0]
