"""The kill switch by hand and by itself, of an app or of more, and how people bring back what was stopped."""

import difflib
from collections.abc import Callable, Collection, Sequence

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import ORGANIZATION, Authorizer, answering
from bailiwick.control.stops.errors import NotStoppedError
from bailiwick.control.stops.model import Kill, Lifted, StandingStops, StopChange, Stopped, mode_of
from bailiwick.control.stops.register import StopRegister, kill_of
from bailiwick.control.stops.tables import KillRow
from bailiwick.control.stops.trials import Trials
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import Outcome
from bailiwick.core.messages import KillReport
from bailiwick.core.modes import PREVIEW, PRODUCTION, Mode
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.store import Store

MOST_DRAIN_SECONDS = 600
# What there is of a kind, by name, for whoever names one that there is not.
Known = Callable[[Session, StopKind], Collection[str]]


class StopService:
    """Each verb is one transaction with its audit event. `notify` is called once a change is durable."""

    def __init__(
        self,
        register: StopRegister,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        known: Known,
        trials: Trials,
        clock: Clock,
        notify: Callable[[StopChange], None],
    ) -> None:
        self._register = register
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._known = known
        self._trials = trials
        self._clock = clock
        self._notify = notify

    # -- stop ------------------------------------------------------------------------------------------------------

    def kill(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Stop an app everywhere, now, as `stop` does."""
        return self.stop(identity, StopScope(StopKind.APP, app_path), reason)

    def stop(
        self, identity: Identity, scope: StopScope, reason: str, *, security: bool = False, drain_seconds: int = 0
    ) -> Kill:
        """Stop what a scope covers, on every plane, and return once those that listen act on it.

        What is in flight is cut, or may take `drain_seconds`. What was stopped for `security` is lifted by somebody
        else. Stopping what such a stop holds already changes nothing. Raises `InvalidInputError` for a name that there
        is not, or a time that is too long.
        """
        if not 0 <= drain_seconds <= MOST_DRAIN_SECONDS:
            raise InvalidInputError(
                f"{drain_seconds} seconds are no time to let work end", hint=f"0 to {MOST_DRAIN_SECONDS} are"
            )
        with self._store.transaction() as session:
            place, decision = self._require_stop(session, identity, scope)
            standing = [kill for kill in self._register.now(session).kills if kill.scope == scope]
            whole = next((it for it in standing if it.mode == mode_of(scope) and it.security >= security), None)
            if whole is not None:
                return whole
            kill = self._register.add(
                session,
                scope,
                because=reason.strip() or "no reason was given",
                by=str(identity.principal),
                security=security,
                drain_seconds=drain_seconds,
            )
            self._note_stopped(session, kill, place, decision, standing)
            self._tell(session, kill)
            return kill

    def record_automatic(self, session: Session, report: KillReport, *, plane: str, evidence: str) -> None:
        """Remember that a plane stopped an app, or closed an integration, by itself, in the mode that it serves."""
        scope = report.scope or StopScope(StopKind.APP, report.app)
        standing = [it for it in self._register.now(session).kills if it.scope == scope and it.stops(report.mode)]
        if standing:
            self._trials.failed(session, scope, report, evidence)
            return
        by = f"plane:{plane}"
        kill = self._register.add(
            session,
            scope,
            because=report.because,
            by=by,
            mode=report.mode,
            evidence=evidence,
            security=report.security,
            rule=report.rule,
            apps=(report.app,),
            retry_at=self._trials.first(session, scope, report),
        )
        self._audit.note(
            session,
            by,
            "app.killed" if kill.own else "stop.started",
            scope.written,
            reason=report.because,
            app=report.app,
            release=report.release,
            plane=plane,
            context={
                "stop": kill.id,
                "evidence": evidence,
                "automatic": True,
                "mode": report.mode,
                "rule": report.rule,
                "security": report.security,
            },
        )
        self._tell(session, kill)

    # -- lift ------------------------------------------------------------------------------------------------------

    def revive(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Lift an app's own stops, in every mode, as `lift` does."""
        return self.lift(identity, StopScope(StopKind.APP, app_path), reason)[0]

    def lift(self, identity: Identity, scope: StopScope, reason: str) -> list[Kill]:
        """Lift the stops of this very scope; a person must say why. What another stop holds stays stopped.

        Raises `NotStoppedError` when none stands, and `ForbiddenError`, audited, where another person must do it.
        """
        reason = given_reason(reason, "say what was wrong and why it is well now", what="a revival")
        with self._store.transaction() as session:
            if scope.kind is StopKind.APP:
                self._catalog.readable_app(session, identity, scope.subject)
                self._authorizer.require(session, identity, "app.revive", place_of(scope))
            rows = self._register.of_scope(session, scope, lock=True)
            decision = self._may_lift(session, identity, scope, rows, settles=True)
            if not rows and decision.allowed:
                raise self._nothing_stands(session, scope)
            if decision.allowed:
                for row in rows:
                    row.revived_by, row.revive_reason = str(identity.principal), reason
                    row.revived_at = self._clock()
                self._store.after_commit(session, lambda: self._notify(Lifted()))
            self._note_lifted(session, identity, scope, rows, decision, reason)
            lifted = [kill_of(row) for row in rows]
        decision.require("ask another administrator: bailiwick who-can says who may")
        return lifted

    def explain_lift(self, session: Session, identity: Identity, scope: StopScope) -> Decision:
        """Answer whether this person may lift the stops of a scope, and by which policies; nothing is done."""
        if scope.kind is StopKind.APP:
            own = self._authorizer.explain(session, identity, "app.revive", place_of(scope))
            if not own.allowed:
                return own
        rows = self._register.of_scope(session, scope, lock=False)
        return self._may_lift(session, identity, scope, rows, settles=False)

    # -- what stands -----------------------------------------------------------------------------------------------

    def now(self, session: Session) -> StandingStops:
        """Return every stop that stands."""
        return self._register.now(session)

    def standing(self, session: Session, app_path: str) -> list[Kill]:
        """Return the stops that hold an app: its own first, and those of every mode before those of one."""
        return self._register.now(session).on_app(app_path)

    def standing_in(self, session: Session, app_path: str, mode: str) -> Kill | None:
        """Return a stop that keeps an app from running in a mode, or None."""
        return next(iter(self._register.now(session).on_app_in(app_path, mode)), None)

    def seen(self, session: Session, identity: Identity) -> list[Kill]:
        """Return the stops that stand and that the asker may know of: those of apps that they may read, and all for
        whoever reads stops of the organisation.
        """
        standing = self._register.now(session)
        if self._authorizer.decide(session, identity, "stop.read", ORGANIZATION).allowed:
            return list(standing.kills)
        wide = [kill for kill in standing.kills if not kill.own]
        own = {kill.scope.subject for kill in standing.kills if kill.own}
        paths = {app.path for app in self._catalog.every_app(session)} if wide else own
        readable = self._catalog.readable(session, identity, paths)
        held = {kill.id for app in readable for kill in standing.on_app(app)}
        return [kill for kill in standing.kills if kill.id in held]

    def lifted(self, session: Session, identity: Identity) -> list[Kill]:
        """Return the stops that were lifted last, to whoever reads stops of the organisation."""
        self._authorizer.require(session, identity, "stop.read", ORGANIZATION)
        return self._register.lifted(session)

    def require_may(self, session: Session, identity: Identity, scope: StopScope) -> StandingStops:
        """Return how stops would stand with one of this scope, to who may start it; nothing is done."""
        self._require_stop(session, identity, scope)
        apps = self._register.apps_of(session, scope)
        now = self._clock()
        would = Kill("", scope, apps, mode_of(scope), "", "", now, "", False, 0, "", 0, None, None, "", "", None)
        return StandingStops((would,), {}, self._register.tenant)

    def explain_stop(self, session: Session, identity: Identity, scope: StopScope) -> Decision:
        """Answer whether this person may stop something, and by which policies; nothing is done."""
        return self._authorizer.explain(session, identity, _action(scope), place_of(scope))

    # -- inner steps -----------------------------------------------------------------------------------------------

    def _require_stop(self, session: Session, identity: Identity, scope: StopScope) -> tuple[str, Decision]:
        place = place_of(scope)
        if scope.kind is StopKind.APP:
            self._catalog.readable_app(session, identity, scope.subject)
        decision = self._authorizer.require(session, identity, _action(scope), place)
        if scope.kind not in {StopKind.APP, StopKind.EVERYTHING}:
            _require_known(scope, self._known(session, scope.kind))
        return place, decision

    def _may_lift(
        self, session: Session, identity: Identity, scope: StopScope, rows: Sequence[KillRow], *, settles: bool
    ) -> Decision:
        """Answer whether somebody may lift these, given who started them; an automatic one is of who made the app."""
        secure = [row for row in rows if row.security]
        by_hand = {row.by for row in secure if not row.by.startswith("plane:")}
        by_itself = {app for row in secure if row.by.startswith("plane:") for app in row.apps}
        behind = self._register.people_behind(session, by_itself)
        facts: dict[str, ContextValue] = {
            "security": bool(secure),
            "killers": answering(session, [*by_hand, *behind]),
        }
        ask = self._authorizer.settle if settles else self._authorizer.explain
        return ask(session, identity, "stop.lift", place_of(scope), facts)

    def _nothing_stands(self, session: Session, scope: StopScope) -> NotStoppedError:
        held = self.standing(session, scope.subject) if scope.kind is StopKind.APP else []
        if not held:
            return NotStoppedError(f"{scope.words} is not stopped", hint="bailiwick stops lists what is")
        words = "; ".join(f"{kill.scope.words} ({kill.by}: {kill.because})" for kill in held)
        hint = f"bailiwick revive {held[0].scope.written} lifts that, for all that it covers"
        return NotStoppedError(f"{scope.words} is not stopped itself, but with {words}", hint=hint)

    def _tell(self, session: Session, kill: Kill) -> None:
        modes: tuple[Mode, ...] = tuple(mode for mode in (PREVIEW, PRODUCTION) if kill.stops(mode))
        told = Stopped(kill.scope, modes, kill.words, kill.drain_seconds, kill.apps)
        self._store.after_commit(session, lambda: self._notify(told))

    def _note_stopped(
        self, session: Session, kill: Kill, place: str, decision: Decision, before: Sequence[Kill]
    ) -> None:
        self._audit.note(
            session,
            kill.by,
            "app.killed" if kill.own else "stop.started",
            place,
            reason=kill.because,
            app=kill.scope.subject if kill.own else "",
            deciders=decision.deciders,
            before={"stopped": _modes(before)},
            after={"stopped": (kill.mode or "everywhere",)},
            context={
                "stop": kill.id,
                "covers": kill.scope.written,
                "security": kill.security,
                "drain_seconds": kill.drain_seconds,
                **({"apps": kill.apps} if kill.apps else {}),
            },
        )

    def _note_lifted(
        self,
        session: Session,
        identity: Identity,
        scope: StopScope,
        rows: Sequence[KillRow],
        decision: Decision,
        reason: str,
    ) -> None:
        own, modes = scope.kind is StopKind.APP, _modes([kill_of(row) for row in rows])
        done = "app.revived" if own else "stop.lifted"
        self._audit.note(
            session,
            str(identity.principal),
            done if decision.allowed else "stop.lift-refused",
            place_of(scope),
            outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
            reason=reason if decision.allowed else decision.reason,
            app=scope.subject if own else "",
            deciders=decision.deciders,
            before={"stopped": modes},
            after={"stopped": () if decision.allowed else modes},
            context={"covers": scope.written, "stops": tuple(row.id for row in rows)},
        )


def place_of(scope: StopScope) -> str:
    """Return on what somebody must be allowed to stop something, or to lift that again."""
    if scope.kind in {StopKind.APP, StopKind.FOLDER, StopKind.INTEGRATION, StopKind.MODEL}:
        return scope.written
    return ORGANIZATION


def _action(scope: StopScope) -> str:
    return "app.kill" if scope.kind is StopKind.APP else "stop.start"


def _require_known(scope: StopScope, known: Collection[str]) -> None:
    """Return when there is what a scope names; a name that there is not would stop nothing."""
    if scope.subject in known:
        return
    close = difflib.get_close_matches(scope.subject, sorted(known), n=1)
    hint = f"did you mean {close[0]}?" if close else "nothing would be stopped by it"
    raise InvalidInputError(f"there is no {scope.kind} '{scope.subject[:80]}'", hint=hint)


def _modes(kills: Sequence[Kill]) -> tuple[str, ...]:
    """Return in which modes something is stopped, as the audit log says it."""
    return tuple(kill.mode or "everywhere" for kill in kills)
