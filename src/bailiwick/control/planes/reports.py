"""Reports of planes: taken in once each, as far as a plane may speak of what they are about."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import take_day_use, take_pressure
from bailiwick.control.observe import ObserveService, take_storage, take_walls, take_work
from bailiwick.control.planes.fetching import plane_identity
from bailiwick.control.planes.models import PlaneModels
from bailiwick.control.planes.needs import (
    Accounts,
    Assurance,
    Attestations,
    DeclaredSettings,
    GrantDrafts,
    Networks,
    Outflows,
    OwnDatabases,
    Previews,
    Rehearsals,
    Releases,
    Rollouts,
    Stops,
)
from bailiwick.control.planes.tables import PlanePoliciesRow, SpoolRow
from bailiwick.control.policies import remember
from bailiwick.control.traces import TraceService
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import Outcome
from bailiwick.core.masked_reports import masked_report
from bailiwick.core.messages import (
    AccountsReport,
    Acknowledgement,
    AnyReport,
    AppReport,
    AskedQuestion,
    AttacksReport,
    AttestationReport,
    AuditReport,
    CatalogueReport,
    DatabaseReport,
    DayUseReport,
    DecisionsReport,
    EgressRollup,
    JobReport,
    KillReport,
    LimitsReport,
    ModelUseReport,
    NetworksReport,
    OutflowReport,
    PoliciesReport,
    RehearsalReport,
    ReportBatch,
    RequestRollup,
    Sequenced,
    SettingsReport,
    SpansReport,
    StorageReport,
    UniquenessReport,
    WallsReport,
    WorkerReport,
)
from bailiwick.core.policy import Asked, ContextValue, Decision
from bailiwick.core.rollouts import RolloutReport
from bailiwick.core.stops import StopKind
from bailiwick.store import Store

_OfAnApp = (
    AppReport
    | RequestRollup
    | EgressRollup
    | KillReport
    | JobReport
    | DatabaseReport
    | RehearsalReport
    | AttestationReport
    | RolloutReport
    | WallsReport
    | StorageReport
    | WorkerReport
    | SpansReport
)


class ReportTaker:
    """Takes in what planes spool. What a plane says of what it does not serve is not believed."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        observe: ObserveService,
        releases: Releases,
        stops: Stops,
        accounts: Accounts,
        models: PlaneModels,
        databases: OwnDatabases,
        rehearsals: Rehearsals,
        attestations: Attestations,
        rollouts: Rollouts,
        declared: DeclaredSettings,
        previews: Previews,
        networks: Networks,
        assurance: Assurance,
        drafts: GrantDrafts,
        outflows: Outflows,
        traces: TraceService,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._observe = observe
        self._releases = releases
        self._stops = stops
        self._accounts = accounts
        self._models = models
        self._databases = databases
        self._rehearsals = rehearsals
        self._attestations = attestations
        self._rollouts = rollouts
        self._declared = declared
        self._previews = previews
        self._networks = networks
        self._assurance = assurance
        self._drafts = drafts
        self._outflows = outflows
        self._traces = traces

    def take(self, plane: str, batch: ReportBatch) -> Acknowledgement:
        """Take in a batch, each report once whatever is sent again, all in one transaction.

        What a plane says of a mode that it does not serve is not believed, and audited. Reports that are missing
        before or between these (the control plane was restored from a backup, or something is wrong) are lost: what
        came is taken, and the log says which did not. Raises `InvalidInputError` for reports out of order.
        """
        numbers = [item.sequence for item in batch.reports]
        if numbers != sorted(set(numbers)):
            raise InvalidInputError("the reports of a batch are not in order", hint="send each once, oldest first")
        self._traces.make_room(item.report for item in batch.reports if isinstance(item.report, SpansReport))
        with self._store.transaction() as session:
            spool = self._locked_spool(session, plane, batch.spool)
            news = self._masked(session, [item for item in batch.reports if item.sequence > spool.sequence])
            told_of = {item.report.app for item in news if isinstance(item.report, RolloutReport)}
            self._rollouts.hold_still(session, told_of)
            self._note_missing(session, plane, batch.spool, spool.sequence, news)
            events = [
                item.report.event.model_copy(update={"plane": plane})
                for item in news
                if isinstance(item.report, AuditReport)
            ]
            self._take_spans(session, plane, [item.report for item in news if isinstance(item.report, SpansReport)])
            for item in news:
                self._take_one(session, plane, item.report)
            self._audit.append_all(session, events)
            if news:
                spool.sequence = news[-1].sequence
            return Acknowledgement(sequence=spool.sequence)

    def _take_one(self, session: Session, plane: str, report: AnyReport) -> None:
        """Take in what is about the plane itself, or about an app that it may speak for; events come together."""
        match report:
            case SpansReport():
                return
            case AuditReport():
                self._models.take_told(session, report.event)
            case PoliciesReport():
                self._take_policies(session, plane, report)
            case AccountsReport():
                self._take_accounts(session, plane, report)
            case CatalogueReport() | UniquenessReport():
                self._drafts.take(session, plane, report)
            case LimitsReport() | ModelUseReport() | OutflowReport() | DayUseReport():
                self._take_use(session, plane, report)
            case DecisionsReport():
                remember(session, [_asked(plane, asked) for asked in report.asked])
            case SettingsReport():
                self._declared.take(session, plane, report)
            case NetworksReport():
                self._networks.take(session, plane, report)
            case AttacksReport():
                self._assurance.take(session, plane, report)
            case _:
                if self._believes(session, plane, report):
                    self._take(session, plane, report)

    def _take_spans(self, session: Session, plane: str, reports: Sequence[SpansReport]) -> None:
        """Take in spans of the apps that a plane may speak for, all at once."""
        believed: dict[tuple[str, str], bool] = {}
        for report in reports:
            if (report.app, report.mode) not in believed:
                believed[report.app, report.mode] = self._believes(session, plane, report)
        told = [report for report in reports if believed[report.app, report.mode]]
        if told:
            self._traces.take(session, plane, told)

    def _take_use(
        self, session: Session, plane: str, report: LimitsReport | ModelUseReport | OutflowReport | DayUseReport
    ) -> None:
        """Take in what was used at a plane: counts only."""
        match report:
            case OutflowReport():
                self._outflows.take(session, plane, report)
            case DayUseReport():
                self._take_day_use(session, plane, report)
            case _:
                self._take_limits(session, plane, report)

    def _masked(self, session: Session, news: Sequence[Sequenced]) -> list[Sequenced]:
        """Return reports without any value that the vault knows: a plane masks those only that it fetched.

        The log masks its events by itself.
        """
        masker = self._audit.masker(session)
        return [
            item
            if isinstance(item.report, AuditReport)
            else item.model_copy(update={"report": masked_report(item.report, masker)})
            for item in news
        ]

    def _note_missing(self, session: Session, plane: str, spool: str, seen: int, news: Sequence[Sequenced]) -> None:
        for item in news:
            if item.sequence > seen + 1:
                self._audit.note(
                    session,
                    f"plane:{plane}",
                    "report.missed",
                    f"plane:{plane}",
                    outcome=Outcome.FAILED,
                    reason=f"reports {seen + 1} to {item.sequence - 1} of this plane never came",
                    plane=plane,
                    context={"spool": spool, "first": seen + 1, "last": item.sequence - 1},
                )
            seen = item.sequence

    @staticmethod
    def _take_policies(session: Session, plane: str, report: PoliciesReport) -> None:
        said = {"generation": report.generation, "fault": report.fault, "time": report.time}
        row = insert(PlanePoliciesRow).values(plane=plane, **said)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "plane"], set_=said))

    def _take_accounts(self, session: Session, plane: str, report: AccountsReport) -> None:
        """Take what a plane saw in a system that apps of it use; of others it cannot know anything."""
        if self._uses(session, plane, report.integration):
            self._accounts.record(session, plane, report)

    def _take_limits(self, session: Session, plane: str, report: LimitsReport | ModelUseReport) -> None:
        """Take what went through a model, or an integration that apps of the plane use, and what budgets are left."""
        if isinstance(report, ModelUseReport):
            self._models.take_use(session, plane, report)
            return
        kind, _, model = report.integration.rpartition(":")
        if (kind == "model" and model in self._models.names) or self._uses(session, plane, report.integration):
            take_pressure(session, plane, report)

    def _take_day_use(self, session: Session, plane: str, report: DayUseReport) -> None:
        """Take what passed in a day of an integration for an app that uses it at the plane."""
        if self._uses(session, plane, report.integration, report.app):
            take_day_use(session, plane, report)

    def _uses(self, session: Session, plane: str, integration: str, by: str = "") -> bool:
        """Return whether an app of a plane uses an integration, or that one app does."""
        apps = self._releases.app_states(session, plane) + self._releases.candidate_states(session, plane)
        return any(item.resource == integration for app in apps if not by or app.app == by for item in app.integrations)

    def _believes(self, session: Session, plane: str, report: _OfAnApp) -> bool:
        mode = "production" if isinstance(report, JobReport) else report.mode
        decision = may_speak_for(self._authorizer, self._releases, session, plane, "report.take", report.app, mode)
        if not decision.allowed:
            self._audit.note(
                session,
                f"plane:{plane}",
                "report.refused",
                f"app:{report.app}",
                outcome=Outcome.REFUSED,
                reason=decision.reason,
                app=report.app,
                plane=plane,
                deciders=decision.deciders,
                context={"kind": report.kind, "mode": mode},
            )
        return decision.allowed

    def _take(self, session: Session, plane: str, report: _OfAnApp) -> None:  # noqa: PLR0912 - one a kind
        match report:
            case AppReport() if report.branch:
                self._previews.take_status(session, report)
            case KillReport() if report.branch and report.scope is None:
                self._observe.take_evidence(session, report)
                self._previews.stopped(session, report, plane)
            case AppReport():
                self._observe.take_status(session, plane, report)
            case RequestRollup() | EgressRollup():
                self._observe.take_rollup(session, plane, report)
            case JobReport() | WorkerReport():
                take_work(session, report)
            case AttestationReport():
                self._attestations.take(session, plane, report)
            case KillReport() if not self._may_close(session, plane, report):
                return
            case KillReport():
                evidence = self._observe.take_evidence(session, report)
                self._stops.record_automatic(session, report, plane=plane, evidence=evidence)
            case DatabaseReport():
                self._databases.record(session, plane, report)
            case RehearsalReport():
                self._rehearsals.take(session, plane, report)
            case RolloutReport():
                self._rollouts.take(session, report)
            case WallsReport():
                take_walls(session, report)
            case StorageReport():
                take_storage(session, report)

    def _may_close(self, session: Session, plane: str, report: KillReport) -> bool:
        """Return whether what a plane closed is the app itself, or an integration that the app uses there."""
        if report.scope is None:
            return True
        apps = self._releases.app_states(session, plane)
        used = {item.resource for app in apps if app.app == report.app for item in app.integrations}
        return report.scope.kind is StopKind.INTEGRATION and report.scope.subject in used

    def _locked_spool(self, session: Session, plane: str, spool: str) -> SpoolRow:
        session.execute(insert(SpoolRow).values(plane=plane, spool=spool, sequence=0).on_conflict_do_nothing())
        own = select(SpoolRow).where(SpoolRow.plane == plane, SpoolRow.spool == spool)
        return session.scalars(own.with_for_update()).one()


def may_speak_for(
    authorizer: Authorizer, releases: Releases, session: Session, plane: str, action: str, app: str, mode: str
) -> Decision:
    """Answer whether a plane may speak for an app in a mode: whether it serves that."""
    context: dict[str, ContextValue] = {"mode": mode, "serves": releases.modes(plane)}
    return authorizer.decide(session, plane_identity(plane), action, f"app:{app}", context)


def _asked(plane: str, asked: AskedQuestion) -> Asked:
    """Return a question as it is kept; a plane speaks for itself only."""
    question = {**asked.question, "environment": plane}
    return Asked(f"{plane}/{asked.key}", asked.day, question, asked.allowed, asked.deciders, asked.times, asked.last)
