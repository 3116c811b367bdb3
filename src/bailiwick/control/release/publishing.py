"""Publishing: the last word of policy about a deploy, and then its release, in the transaction of whoever decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.databases import Rehearsal, RehearsalState
from bailiwick.control.design import Design, design_of
from bailiwick.control.gates import Approval, GateFacts, RuleKind, Weighed
from bailiwick.control.integrations import Resolved
from bailiwick.control.release.errors import AppIsStoppedError, NotRehearsedError
from bailiwick.control.release.gathering import candidate_of
from bailiwick.control.release.model import DeployState, StateChanged
from bailiwick.control.release.packing import PackOrder, manifest_of
from bailiwick.control.release.parts import DeployParts
from bailiwick.control.release.staging import Outgoing
from bailiwick.control.release.tables import DeployRow
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.gate import Gate, Seat
from bailiwick.core.messages import IntegrationState
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import Envelope

RELEASER = Identity.of_service(Principal("service", "release"))
_MOST_GROWN = 50


@dataclass(frozen=True, slots=True)
class Cleared:
    """A deploy that has all that its rule demands. `by` decided last, with this reason; `refusal` says why they may not
    let a fix through, where they may not.
    """

    row: DeployRow
    facts: GateFacts
    weighed: Weighed
    by: Identity
    reason: str
    refusal: ForbiddenError | None = None
    behalf: str = ""


class Publisher:
    """Makes releases of deploys that came through."""

    def __init__(self, parts: DeployParts) -> None:
        self._parts = parts

    def publish(self, session: Session, cleared: Cleared) -> None:
        """Sign the release and have it served; raise when policy, a rehearsal or a freeze is against it."""
        parts, row = self._parts, cleared.row
        app = parts.catalog.app(session, row.app)
        authors = parts.gathering.authors(session, row)
        rehearsal = parts.rehearsals.of_deploy(session, row.id)
        verdict = self._passed_gate(session, app, cleared, authors, rehearsal)
        vouched = self._vouched(session, cleared)
        resolved = Resolved(
            tuple(IntegrationState.model_validate(item) for item in row.integrations["states"]), cleared.facts.after
        )
        files = parts.sources.files(app, row.commit)
        design = design_of(manifest_of(files), resolved.reach, files)
        grown = design.grown_since(parts.production.running_design(session, app))
        counted = cleared.weighed.counted
        gate = gate_of(cleared.facts, cleared.weighed)
        row.release = parts.packer.pack(
            session,
            app,
            PackOrder(
                mode=PRODUCTION,
                commit=row.commit,
                tree=row.tree,
                authors=authors,
                verdict=verdict,
                resolved=resolved,
                files=files,
                approvals=tuple(item.statement for item in counted),
                approvers=tuple(item.approver for item in counted),
                rehearsal=rehearsal.statement if rehearsal is not None else None,
                gate=gate,
            ),
        )
        for approval, freezes in vouched:
            voucher = parts.desk.identity(session, approval)
            parts.freezes.let_through(session, voucher, freezes, candidate_of(row), approval.reason)
        row.authors, row.users = sorted(authors), list(cleared.facts.users_after)
        row.gate = gate.predicate(release=row.release, tree=row.tree) | {"words": cleared.weighed.demand.why}
        row.state, row.decided_by = DeployState.RELEASED, str(cleared.by.principal)
        row.decided_at, row.reason, row.decided_for = parts.clock(), cleared.reason, cleared.behalf
        session.flush()
        self._note(session, cleared, app, design, grown)
        if row.emergency:
            parts.emergencies.went_out(session, row, sorted({name for item in counted for name in item.people}))
        parts.outlet.bring_out(session, Outgoing(app, row.release, row.id, files))

    def require_vouched(self, session: Session, cleared: Cleared) -> None:
        """Raise when a freeze covers the deploy that nobody who approved it may let it pass."""
        self._vouched(session, cleared)

    def _note(self, session: Session, cleared: Cleared, app: App, design: Design, grown: tuple[str, ...]) -> None:
        """Write down the release, and that its design was approved with it: for the first time, or because it grew."""
        row, audit = cleared.row, self._parts.audit
        if grown:
            audit.note(
                session,
                str(cleared.by.principal),
                "design.approved",
                app.resource,
                reason=row.reason,
                app=row.app,
                release=row.release,
                context={"deploy": row.id, "design": design.digest(), "grown": grown[:_MOST_GROWN]},
            )
        taken = tuple(f"{item['approver']} as {item['seat']}" for item in (row.gate or {})["taken"])
        audit.note(
            session,
            "service:release",
            "release.published",
            app.resource,
            app=app.path,
            release=row.release,
            context={"deploy": row.id, "rule": cleared.weighed.demand.rule.name, "gate": cleared.weighed.demand.why,
                     "approvals": taken},
        )  # fmt: skip
        self._parts.store.after_commit(session, lambda: self._parts.notify(StateChanged()))

    def _vouched(self, session: Session, cleared: Cleared) -> list[tuple[Approval, Sequence[str]]]:
        """Return which approvals let the deploy pass which freezes; raise when a freeze covers it that none did."""
        passed = set(self._parts.freezes.require_free(session, cleared.by, candidate_of(cleared.row)))
        vouched = [(item, sorted(passed & set(item.fixes))) for item in cleared.weighed.counted]
        left = passed - {freeze for _, freezes in vouched for freeze in freezes}
        if left:
            raise cleared.refusal or ForbiddenError(
                f"nobody who approved it may let it pass {', '.join(sorted(left))} as its fix",
                deciders=("freeze.let-through",),
                hint="a security administrator who did not write it must approve it, too",
            )
        # Each freeze once, by the first who vouched for it.
        seen: set[str] = set()
        found: list[tuple[Approval, Sequence[str]]] = []
        for item, freezes in vouched:
            found += [(item, [name for name in freezes if name not in seen])]
            seen |= set(freezes)
        return [(item, freezes) for item, freezes in found if freezes]

    def _passed_gate(
        self, session: Session, app: App, cleared: Cleared, authors: frozenset[str], rehearsal: Rehearsal | None
    ) -> Envelope:
        """Return the verdict when policy lets the deploy go on; raise `AppIsStoppedError` with its words when not."""
        row, parts = cleared.row, self._parts
        standing = parts.verdicts.standing(session, row.app, row.tree)
        asked = self._asked(session, cleared, authors, rehearsal, reviewed=standing.verdict is not None)
        decision = parts.authorizer.settle(session, RELEASER, "app.deploy", app.resource, asked)
        if rehearsal is not None and rehearsal.state is not RehearsalState.PASSED and not decision.allowed:
            raise NotRehearsedError(rehearsal, deciders=decision.deciders)
        if standing.again:
            parts.ask_again(row.app, row.commit, row.tree, standing.again)
        if standing.verdict is None or not decision.allowed:
            words = decision.reason if standing.verdict is not None else f"{row.commit[:12]}: {standing.reason}"
            raise AppIsStoppedError(words, deciders=decision.deciders)
        return standing.verdict

    def against(self, session: Session, cleared: Cleared) -> str:
        """Return what holds up a deploy that has all that its rule demands, its change window apart; or nothing."""
        row, parts = cleared.row, self._parts
        standing = parts.verdicts.standing(session, row.app, row.tree)
        if standing.verdict is None:
            return f"{row.commit[:12]}: {standing.reason}"
        rehearsal = parts.rehearsals.of_deploy(session, row.id)
        if rehearsal is not None and rehearsal.state is not RehearsalState.PASSED:
            return rehearsal.words
        authors = parts.gathering.authors(session, row)
        asked = self._asked(session, cleared, authors, rehearsal, reviewed=True) | {"window_open": True}
        decision = parts.authorizer.decide(session, RELEASER, "app.deploy", f"app:{row.app}", asked)
        if not decision.allowed:
            return decision.reason
        try:
            self._vouched(session, cleared)
        except ForbiddenError as refusal:
            return refusal.message
        return ""

    def _asked(
        self,
        session: Session,
        cleared: Cleared,
        authors: frozenset[str],
        rehearsal: Rehearsal | None,
        *,
        reviewed: bool,
    ) -> dict[str, ContextValue]:
        row, parts = cleared.row, self._parts
        return {
            "review_passed": reviewed,
            "rules_met": cleared.weighed.met,
            "new_in_reach": frozenset(line.words for line in cleared.facts.new),
            "approvals": frozenset(name for item in cleared.weighed.counted for name in item.people),
            "authors": authors,
            "killed": parts.stops.standing_in(session, row.app, PRODUCTION) is not None,
            "rehearsal": rehearsal.state.value if rehearsal is not None else "",
            "window_open": parts.window(session, row.app).open,
            "emergency": bool(row.emergency),
        }


def gate_of(facts: GateFacts, weighed: Weighed) -> Gate:
    """Return what is signed about how a deploy came through."""
    demand = weighed.demand
    seated = zip(demand.seats, weighed.taken, strict=True)
    return Gate(
        rule=demand.rule.name,
        kind=RuleKind(demand.kind).value,
        seats=demand.seats,
        taken=tuple(Seat(seat, item.approver, item.digest) for seat, item in seated if item is not None),
        policy=weighed.basis.policy,
        deploy=facts.deploy,
        first=facts.first,
        before=facts.before,
        after=facts.after,
        users_before=facts.users_before,
        users_after=facts.users_after,
        new=facts.new,
        emergency=facts.emergency,
    )
