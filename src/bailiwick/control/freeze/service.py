"""Freezes: start one, lift it, list them, and find what runs under them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.freeze.errors import FreezeNotStandingError
from bailiwick.control.freeze.model import Affected, Freeze, FreezeKind, FreezeView, Scope
from bailiwick.control.freeze.register import FIX, RUNNING, FreezeRegister, freeze_of
from bailiwick.control.freeze.scopes import require_known
from bailiwick.control.freeze.tables import FreezeRow
from bailiwick.control.identity import ORGANIZATION, Authorizer, answering
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.observe import ObserveService
from bailiwick.control.release import (
    PRODUCTION,
    Notify,
    RunningRelease,
    StateChanged,
    running_releases,
)
from bailiwick.control.review import rule_was_found, rules
from bailiwick.control.stops import StopService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ForbiddenError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_MOST_LIFTED = 50


class FreezeService:
    """Each verb is one transaction with its audit event. `notify` is called once a change is durable."""

    def __init__(
        self,
        register: FreezeRegister,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        integrations: IntegrationService,
        observe: ObserveService,
        stops: StopService,
        clock: Clock,
        notify: Notify,
    ) -> None:
        self._register = register
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._observe = observe
        self._stops = stops
        self._clock = clock
        self._notify = notify

    def read_older(self) -> None:
        """Read the packages of some releases that were packed before packages were kept; safe to repeat."""
        self._register.read_older()

    def start(self, identity: Identity, scope: Scope, reason: str) -> Freeze:
        """Let nothing that a scope covers go to production from now on, by any door and on any plane; return once the
        planes that listen act on it. What runs goes on.

        Raises `InvalidInputError` for no reason, or a name that there is not.
        """
        reason = given_reason(reason, "say what is wrong, for whoever is refused", what="a freeze")
        with self._store.transaction() as session:
            self._register.lock_alone(session)
            place = _place(scope)
            decision = self._authorizer.require(session, identity, "freeze.start", place)
            self._require_subject(session, scope)
            row = FreezeRow(
                id=new_id("frz"),
                kind=scope.kind,
                subject=scope.subject,
                ecosystem=scope.ecosystem,
                versions=scope.versions,
                reason=reason,
                started_by=str(identity.principal),
                started_at=self._clock(),
                lifted_by="",
                lifted_at=None,
                lift_reason="",
            )
            session.add(row)
            session.flush()
            freeze = freeze_of(row)
            affected = self._spare_what_runs(session, freeze)
            self._audit.note(
                session,
                freeze.started_by,
                "freeze.started",
                place,
                reason=reason,
                deciders=decision.deciders,
                context={"freeze": freeze.id, "covers": scope.words, "affected": affected},
            )
            self._store.after_commit(session, lambda: self._notify(StateChanged()))
            return freeze

    def lift(self, identity: Identity, freeze_id: str, reason: str) -> Freeze:
        """End a freeze. Whoever started it, or stands behind who did, may not."""
        reason = given_reason(reason, "say what was mended, or why it is not needed", what="lifting a freeze")
        with self._store.transaction() as session:
            row = self._row(session, freeze_id)
            place = _place(freeze_of(row).scope)
            starters: dict[str, ContextValue] = {"starters": answering(session, [row.started_by])}
            decision = self._authorizer.settle(session, identity, "freeze.lift", place, starters)
            if decision.allowed and row.lifted_at is not None:
                raise FreezeNotStandingError(f"{row.id} was lifted already by {row.lifted_by}")
            if decision.allowed:
                row.lifted_by, row.lifted_at, row.lift_reason = str(identity.principal), self._clock(), reason
                self._store.after_commit(session, lambda: self._notify(StateChanged()))
            self._audit.note(
                session,
                str(identity.principal),
                "freeze.lifted" if decision.allowed else "freeze.lift-refused",
                place,
                outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
                reason=reason if decision.allowed else decision.reason,
                deciders=decision.deciders,
                context={"freeze": row.id, "covers": freeze_of(row).scope.words, "started_by": row.started_by},
            )
            freeze = freeze_of(row)
        decision.require("ask a security administrator who did not start it: bailiwick who-can")
        return freeze

    def standing(self, session: Session, identity: Identity) -> list[FreezeView]:
        """Return the freezes that stand with what runs under them, as far as the asker may know of it.

        Who reads freezes of the organisation sees each; others see those that cover an app that they may read.
        """
        return self._views(session, identity, self._register.standing(session))

    def seen(self, session: Session, identity: Identity) -> list[Freeze]:
        """Return the freezes that stand and that the asker may know of, without what runs under them: those of
        everything for whoever may read an app.
        """
        freezes = self._register.standing(session)
        if not freezes or self._authorizer.decide(session, identity, "freeze.read", ORGANIZATION).allowed:
            return freezes
        if not self._catalog.list_apps(session, identity, limit=1).apps:
            return []
        narrow = [item for item in freezes if item.scope.kind is not FreezeKind.EVERYTHING]
        visible = {view.freeze.id for view in self._views(session, identity, narrow)}
        return [item for item in freezes if item.scope.kind is FreezeKind.EVERYTHING or item.id in visible]

    def lifted(self, session: Session, identity: Identity) -> list[Freeze]:
        """Return the freezes that were lifted, the newest first, to whoever reads freezes of the organisation."""
        self._authorizer.require(session, identity, "freeze.read", ORGANIZATION)
        query = select(FreezeRow).where(FreezeRow.lifted_at.is_not(None)).order_by(FreezeRow.lifted_at.desc())
        return [freeze_of(row) for row in session.scalars(query.limit(_MOST_LIFTED))]

    def freeze(self, session: Session, identity: Identity, freeze_id: str) -> FreezeView:
        """Return a freeze with what runs under it, as far as the asker may know of it."""
        row = self._row(session, freeze_id, lock=False)
        found = self._views(session, identity, [freeze_of(row)])
        if not found:
            raise _unknown(freeze_id)
        return found[0]

    def explain_lift(self, session: Session, identity: Identity, freeze: Freeze) -> Decision:
        """Answer whether this person may lift a freeze, and by which policies; nothing is done."""
        facts: dict[str, ContextValue] = {"starters": answering(session, [freeze.started_by])}
        return self._authorizer.explain(session, identity, "freeze.lift", _place(freeze.scope), facts)

    def would_cover(self, session: Session, identity: Identity, scope: Scope) -> tuple[Affected, ...]:
        """Return what runs and a freeze would cover, to who may start it; nothing is done."""
        self._authorizer.require(session, identity, "freeze.start", _place(scope))
        self._require_subject(session, scope)
        freeze = Freeze("", scope, "", "", self._clock(), "", None, "")
        return next((view.affected for view in self._views(session, identity, [freeze])), ())

    def stop_affected(self, identity: Identity, freeze_id: str) -> tuple[list[str], list[str]]:
        """Stop each app that a freeze affects with the kill switch; safe to repeat.

        Returns the apps that were stopped, and those that the asker may not stop.
        """
        with self._store.transaction() as session:
            view = self.freeze(session, identity, freeze_id)
            if not view.freeze.stands:
                raise FreezeNotStandingError(f"{view.freeze.id} was lifted by {view.freeze.lifted_by}")
        stopped, left = [], []
        for app in sorted({item.app for item in view.affected if not item.fix}):
            try:
                self._stops.kill(identity, app, view.freeze.words)
                stopped.append(app)
            except ForbiddenError:
                left.append(app)
        return stopped, left

    def _spare_what_runs(self, session: Session, freeze: Freeze) -> int:
        """Leave alone what planes were last seen to run and the freeze covers; return how many releases it covers."""
        running = running_releases(session)
        covered = self._register.covering(session, [freeze], running)
        ran = self._observe.ran(session)
        found = [target for target, by in zip(running, covered, strict=True) if by]
        for target in found:
            if target.mode == PRODUCTION and ran.get((target.app, target.mode)) == target.release:
                by, reason = freeze.started_by, "it ran when the freeze began"
                self._register.exempt(session, freeze.id, target.release, target.app, RUNNING, by, reason)
        return len(found)

    def _views(self, session: Session, identity: Identity, freezes: Sequence[Freeze]) -> list[FreezeView]:
        if not freezes:
            return []
        running = running_releases(session)
        covered = self._register.covering(session, freezes, running)
        readable = self._catalog.readable(session, identity, {target.app for target in running})
        owners = self._catalog.owners(session, readable)
        exempt, held = self._register.exemptions(session), self._register.held(session)
        found: dict[str, list[Affected]] = {item.id: [] for item in freezes}
        for target, by in zip(running, covered, strict=True):
            for item in by if target.app in readable else ():
                found[item.freeze.id].append(
                    Affected(
                        freeze=item.freeze.id,
                        app=target.app,
                        owner=owners[target.app],
                        mode=target.mode,
                        release=target.release,
                        commit=target.commit,
                        because=item.because,
                        state=self._state(session, target, held),
                        fix=exempt.get((item.freeze.id, target.release)) == FIX,
                    )
                )
        everything = self._authorizer.decide(session, identity, "freeze.read", ORGANIZATION).allowed
        return [FreezeView(item, tuple(found[item.id])) for item in freezes if everything or found[item.id]]

    def _state(self, session: Session, target: RunningRelease, held: dict[str, str]) -> str:
        if self._stops.standing_in(session, target.app, target.mode) is not None:
            return "stopped"
        return "held" if target.release in held and target.mode == PRODUCTION else "running"

    def _require_subject(self, session: Session, scope: Scope) -> None:
        match scope.kind:
            case FreezeKind.FOLDER:
                require_known(scope, {folder.path for folder in self._catalog.folders(session)})
            case FreezeKind.INTEGRATION:
                require_known(scope, set(self._integrations.enabled(session)))
            case FreezeKind.RULE if not rule_was_found(session, scope.subject):
                require_known(scope, rules().keys())
            case _:
                return

    def _row(self, session: Session, freeze_id: str, *, lock: bool = True) -> FreezeRow:
        query = select(FreezeRow).where(FreezeRow.id == freeze_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise _unknown(freeze_id)
        return row


def _unknown(freeze_id: str) -> NotFoundError:
    return NotFoundError(f"there is no freeze '{freeze_id[:60]}', or you may not see it", hint="bailiwick freeze list")


def _place(scope: Scope) -> str:
    """Return on what somebody must be allowed to freeze, or to lift it again."""
    return f"folder:{scope.subject}" if scope.kind is FreezeKind.FOLDER else ORGANIZATION
