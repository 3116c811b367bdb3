"""Places and lifts legal holds, says how retention stands, and lets what has ended expire, batch by batch."""

import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bailiwick.control.audit import (
    AuditLog,
    Hold,
    RetentionRules,
    Scope,
    add_hold,
    advance_horizon,
    all_holds,
    end_hold,
    expire_batch,
    horizon_of,
    log_size,
)
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control.retention")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BATCH = 2_000
_MOST_BATCHES = 25
_NOTABLE_LAG = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Expiry:
    """What a run did: how many events lost their content, and what it took for now."""

    events: int
    horizon: datetime


@dataclass(frozen=True, slots=True)
class RetentionStatus:
    """How retention stands. `delivered_before`: from this place on nothing expires, because an exporter has not
    delivered it; None without exporters. `horizon` is what expiry took for now at its last run.
    """

    rules: RetentionRules
    horizon: datetime | None
    size: int
    delivered_before: int | None
    holds: int


class RetentionService:
    """Keeps the audit log as long as the settings and holds say. `exported_before` names the first place that some
    exporter has not delivered, or None when there are no exporters.
    """

    def __init__(
        self,
        rules: RetentionRules,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        exported_before: Callable[[Session], int | None],
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._exported_before = exported_before
        self._clock = clock

    def expire(self) -> Expiry:
        """Let what has ended expire: a bounded part of it in a run, each batch with its event in one transaction."""
        with self._store.transaction() as session:
            horizon = advance_horizon(session, self._clock())
        lag = self._clock() - horizon
        if lag > _NOTABLE_LAG:
            _LOG.warning("retention is %s behind the clock and follows slowly: did the clock jump?", lag)
        events = 0
        for _ in range(_MOST_BATCHES):
            with self._store.transaction() as session:
                before = self._exported_before(session)
                expired = expire_batch(session, self._audit, self._rules, horizon, before, _BATCH)
            events += expired
            if expired < _BATCH:
                break
        return Expiry(events, horizon)

    def status(self, identity: Identity) -> RetentionStatus:
        """Return the rules, and what keeps events longer than they say."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "audit.read", ORGANIZATION)
            standing = [hold for hold in all_holds(session) if hold.lifted is None]
            before = self._exported_before(session)
            return RetentionStatus(self._rules, horizon_of(session), log_size(session), before, len(standing))

    def holds(self, identity: Identity) -> list[Hold]:
        """Return every hold, also those that were lifted."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "audit.read", ORGANIZATION)
            return all_holds(session)

    def place(self, identity: Identity, name: str, scope: Scope, reason: str) -> Hold:
        """Keep what matches from expiring, until another person lifts the hold."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                f"'{name[:80]}' cannot name a hold", hint="use a-z, 0-9 and -, 63 characters at most"
            )
        reason = given_reason(reason, what="a hold")
        _require_sense(scope)
        hold = Hold(name, scope, reason, str(identity.principal), self._clock())
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "audit.hold", ORGANIZATION)
            if not add_hold(session, hold):
                raise ConflictError(f"there is or was a hold '{name}'", hint="give this one another name")
            self._note(session, hold, "audit-hold.placed", hold.placed_by, reason, decision.deciders)
        return hold

    def lift(self, identity: Identity, name: str, reason: str) -> Hold:
        """End a hold; policy demands another person than the one who placed it."""
        reason = given_reason(reason, what="a hold")
        with self._store.transaction() as session:
            hold = next((item for item in all_holds(session) if item.name == name), None)
            context = {"placed_by": hold.placed_by if hold else ""}
            decision = self._authorizer.require(session, identity, "audit.lift-hold", ORGANIZATION, context)
            if hold is None or hold.lifted is not None:
                raise NotFoundError(f"there is no hold '{name[:80]}' to lift", hint="bailiwick audit hold list")
            by = str(identity.principal)
            end_hold(session, name, by=by, now=self._clock())
            self._note(session, hold, "audit-hold.lifted", by, reason, decision.deciders)
            return next(item for item in all_holds(session) if item.name == name)

    def _note(self, session: Session, hold: Hold, action: str, by: str, reason: str, deciders: tuple[str, ...]) -> None:
        context: dict[str, ContextFact] = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(hold.scope).items()
            if value
        }
        resource = f"audit-hold:{hold.name}"
        self._audit.note(session, by, action, resource, reason=reason, deciders=deciders, context=context)


def _require_sense(scope: Scope) -> None:
    for moment in (scope.since, scope.until):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInputError("a time needs its zone", hint="write 2026-03-01T12:00:00Z")
    if scope.since is not None and scope.until is not None and scope.until <= scope.since:
        raise InvalidInputError("the hold would keep nothing: it ends before it begins")
