"""Which freezes stand and what they cover, as deploys, rollbacks and planes ask for it.

Whoever brings a release to production holds the freezes' lock shared until they commit, and a freeze begins under the
same lock alone: what was let through before it is there when it looks at what runs, and nothing slips in between.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.freeze.facts import FactFinder
from bailiwick.control.freeze.matching import why_covered
from bailiwick.control.freeze.model import MARKED_FIXES, Freeze, FreezeKind, Scope
from bailiwick.control.freeze.tables import ExemptionRow, FreezeRow
from bailiwick.control.identity import Authorizer, answering
from bailiwick.control.release import (
    PRODUCTION,
    Candidate,
    FrozenError,
    RunningRelease,
    running_releases,
    unread_releases,
)
from bailiwick.control.stops import last_stopped
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import Outcome
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity
from bailiwick.store import Store
from bailiwick.store.locks import hold, hold_together

RUNNING, FIX = "running", "fix"
_AT_ONCE = 20
_LOCK = "freeze"


@dataclass(frozen=True, slots=True)
class Covered:
    """That a freeze covers a release, and by what."""

    freeze: Freeze
    because: str


class FreezeRegister:
    """Answers about freezes. The caller brings the transaction."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, finder: FactFinder, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._finder = finder
        self._clock = clock

    @contextlib.contextmanager
    def refusals(self, identity: Identity, app: str) -> Iterator[None]:
        """Audit a refusal by a freeze once the transaction that it ended is over."""
        try:
            yield
        except FrozenError as refusal:
            with self._store.transaction() as session:
                self._audit.note(
                    session,
                    str(identity.principal),
                    "deploy.frozen",
                    f"app:{app}",
                    outcome=Outcome.REFUSED,
                    reason=refusal.message,
                    app=app,
                    deciders=refusal.deciders,
                    context={"freezes": refusal.freezes},
                )
            raise

    def hold_off(self, session: Session) -> None:
        """Let no freeze begin until the transaction is over."""
        hold_together(session, _LOCK)

    def require_free(self, session: Session, identity: Identity, candidate: Candidate) -> tuple[str, ...]:
        """Return when no freeze covers a candidate, or only the one that it is said to be the fix of: that one."""
        return self._passed(session, identity, candidate)

    def why_not(self, session: Session, candidate: Candidate) -> str:
        """Return who froze a candidate and why, or nothing; nobody is asked and nothing is done."""
        return "; ".join(f"{item.freeze.words}; {item.because}" for item in self._covered(session, candidate))

    def vouch(
        self, session: Session, identity: Identity, candidate: Candidate, requested_by: str = ""
    ) -> tuple[str, ...]:
        """Do as `require_free`, and raise when somebody may not let the fix through; return the freezes passed by."""
        passed = self._passed(session, identity, candidate)
        if passed:
            facts: dict[str, ContextValue] = {
                "authors": answering(session, [*candidate.authors, *([requested_by] if requested_by else [])]),
                "requested_by": requested_by,
            }
            self._authorizer.require(session, identity, "freeze.let-through", f"app:{candidate.app}", facts)
        return passed

    def let_through(
        self, session: Session, identity: Identity, freezes: Sequence[str], candidate: Candidate, reason: str
    ) -> None:
        """Remember that a release was let through as a fix, with its audit event."""
        by = str(identity.principal)
        for freeze in freezes:
            self.exempt(session, freeze, candidate.release, candidate.app, FIX, by, reason)
            self._audit.note(
                session,
                by,
                "freeze.fix-let-through",
                f"app:{candidate.app}",
                reason=reason,
                app=candidate.app,
                release=candidate.release,
                context={"freeze": freeze, "commit": candidate.commit, "tree": candidate.tree},
            )

    def held(self, session: Session) -> dict[str, str]:
        """Return the releases that planes may not start, each with who froze it and why.

        What ran when a freeze began may start again, unless the kill switch stopped it since.
        """
        freezes = self.standing(session)
        if not freezes:
            return {}
        running = running_releases(session, mode=PRODUCTION)
        exempt = self.exemptions(session)
        stopped = last_stopped(session, {target.app for target in running})
        held: dict[str, str] = {}
        for target, covered in zip(running, self.covering(session, freezes, running), strict=True):
            for item in covered:
                if not self._left_alone(item.freeze, target, exempt, stopped):
                    held.setdefault(target.release, f"{item.freeze.words}; {item.because}")
        return held

    def covering(
        self, session: Session, freezes: Sequence[Freeze], targets: Sequence[RunningRelease]
    ) -> list[list[Covered]]:
        """Return which freezes cover each of some releases."""
        facts = self._finder.gather(session, freezes, targets)
        return [
            [Covered(freeze, because) for freeze in freezes if (because := why_covered(freeze.scope, known))]
            for known in facts
        ]

    def standing(self, session: Session) -> list[Freeze]:
        """Return the freezes that stand, the oldest first."""
        query = select(FreezeRow).where(FreezeRow.lifted_at.is_(None)).order_by(FreezeRow.started_at, FreezeRow.id)
        return [freeze_of(row) for row in session.scalars(query)]

    def exemptions(self, session: Session) -> Mapping[tuple[str, str], str]:
        """Return which releases each freeze that stands leaves alone, and why, by freeze and release."""
        query = select(ExemptionRow).join(FreezeRow, FreezeRow.id == ExemptionRow.freeze)
        rows = session.scalars(query.where(FreezeRow.lifted_at.is_(None)))
        return {(row.freeze, row.release): row.why for row in rows}

    def exempt(self, session: Session, freeze: str, release: str, app: str, why: str, by: str, reason: str) -> None:
        """Let a freeze leave a release alone; a fix stays one."""
        row = insert(ExemptionRow).values(
            freeze=freeze, release=release, app=app, why=why, by=by, reason=reason, time=self._clock()
        )
        changed = {"why": why, "by": by, "reason": reason, "time": row.excluded.time}
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "freeze", "release"], set_=changed))

    def read_older(self) -> None:
        """Read the packages of some releases that were packed before packages were kept; safe to repeat."""
        with self._store.transaction() as session:
            for target in unread_releases(session, _AT_ONCE):
                self._finder.read(session, target)

    def lock_alone(self, session: Session) -> None:
        """Wait until nobody is on the way to production, and keep others from it until the transaction is over."""
        hold(session, _LOCK)

    def _passed(self, session: Session, identity: Identity, candidate: Candidate) -> tuple[str, ...]:
        self.hold_off(session)
        covered = self._covered(session, candidate)
        passed = _passed_by_mark(candidate, covered, self.standing(session))
        left = [item for item in covered if item.freeze.id not in passed]
        ids = frozenset(item.freeze.id for item in left)
        decision = self._authorizer.settle(session, identity, "freeze.pass", f"app:{candidate.app}", {"freezes": ids})
        if not decision.allowed:
            raise FrozenError(
                _refusal(candidate, left) if left else decision.reason,
                deciders=decision.deciders,
                freezes=sorted(ids),
                hint=_way_out(candidate, left),
            )
        return passed

    def _covered(self, session: Session, candidate: Candidate) -> list[Covered]:
        """Return the freezes that cover a candidate, without those that it was let through as the fix of."""
        freezes = self.standing(session)
        if not freezes:
            return []
        target = RunningRelease(
            candidate.app, PRODUCTION, candidate.release, candidate.commit, candidate.tree, candidate.integrations, ""
        )
        (covered,) = self.covering(session, freezes, [target])
        exempt = self.exemptions(session)
        return [item for item in covered if exempt.get((item.freeze.id, candidate.release)) != FIX]

    @staticmethod
    def _left_alone(
        freeze: Freeze,
        target: RunningRelease,
        exempt: Mapping[tuple[str, str], str],
        stopped: Mapping[str, datetime],
    ) -> bool:
        why = exempt.get((freeze.id, target.release), "")
        last = stopped.get(target.app)
        return why == FIX or (why == RUNNING and (last is None or last < freeze.started_at))


def freeze_of(row: FreezeRow) -> Freeze:
    """Return a row as a freeze."""
    return Freeze(
        id=row.id,
        scope=Scope(FreezeKind(row.kind), row.subject, row.ecosystem, row.versions),
        reason=row.reason,
        started_by=row.started_by,
        started_at=row.started_at,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
        lift_reason=row.lift_reason,
    )


def _passed_by_mark(candidate: Candidate, covered: Sequence[Covered], freezes: Sequence[Freeze]) -> tuple[str, ...]:
    """Return the freeze that a candidate is marked as the fix of, when it is one that covers it and takes marks."""
    if not candidate.fixes:
        return ()
    marked = next((item.freeze for item in covered if item.freeze.id == candidate.fixes), None)
    if marked is None:
        if any(item.id == candidate.fixes for item in freezes):
            return ()  # it is a fix already: the freeze does not cover it
        raise InvalidInputError(
            f"no freeze '{candidate.fixes[:60]}' stands", hint="bailiwick freeze list shows those that do"
        )
    if marked.scope.kind not in MARKED_FIXES:
        raise InvalidInputError(
            f"a fix of {marked.id} is a version that {marked.scope.words} does not cover any more",
            hint="push one: it passes by itself, without a mark",
        )
    return (marked.id,)


def _refusal(candidate: Candidate, covered: Sequence[Covered]) -> str:
    because = "; ".join(f"{item.freeze.words}; {item.because}" for item in covered[:3])
    more = f"; and {len(covered) - 3} more" if len(covered) > 3 else ""  # noqa: PLR2004 - as many as are shown
    return f"{candidate.app} does not go to production now: {because}{more}"


def _way_out(candidate: Candidate, covered: Sequence[Covered]) -> str:
    marked = [item.freeze.id for item in covered if item.freeze.scope.kind in MARKED_FIXES]
    if covered and len(marked) == len(covered) == 1:
        return (
            f"is it the fix? bailiwick deploy {candidate.app} --fixes {marked[0]}: a security administrator who did "
            "not write it lets it through; else wait until somebody else lifts the freeze"
        )
    if not marked:
        return "push a version that the freeze does not cover: it passes by itself"
    return "wait until the freezes are lifted: bailiwick freeze list"
