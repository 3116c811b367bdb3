"""The seven controls, each checked against what is measured in this installation now."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from bailiwick.control.assurance import AssuranceService
from bailiwick.control.audit import AuditLog, RetentionRules, latest_checkpoint
from bailiwick.control.controls.facts import facts
from bailiwick.control.controls.model import Check, Control, Report, Standing, recent, share, worst
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import IntegrationService, static_key
from bailiwick.control.networks import NetworkService
from bailiwick.control.review import AdvisoryService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, NotFoundError
from bailiwick.core.principals import Identity

_DAY, _MONTH, _QUARTER = timedelta(hours=26), timedelta(days=31), timedelta(days=92)
_SIGNED_WITHIN = timedelta(minutes=1)
_LEAST_DAYS = 90
_AT_WORK = ("query", "request", "service", "model", "app", "release")
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class ControlService:
    """Measures; nothing is remembered of an earlier report. `public_key` is that of the audit log."""

    authorizer: Authorizer
    audit: AuditLog
    assurance: AssuranceService
    networks: NetworkService
    integrations: IntegrationService
    advisories: AdvisoryService
    retention: RetentionRules
    planes: Collection[str]
    public_key: str
    clock: Clock

    def report(self, session: Session, by: Identity) -> Report:
        """Return all controls for whoever reads the audit log."""
        self.authorizer.require(session, by, "audit.read", ORGANIZATION)
        known = facts(session)
        return Report(
            self.clock(),
            (
                Control("review", "Defensive review", tuple(self._review(known, by))),
                Control("runtime", "Runtime: sandbox, egress, kill switch", tuple(self._runtime(session, known))),
                Control("integrations", "Integrations bound to identity", tuple(self._integrations(session, known))),
                Control("deployment", "Deployment governance", tuple(self._deployment(session, known))),
                Control("models", "Data controls for models", tuple(self._models(known))),
                Control("audit", "Observability and audit", tuple(self._audit(session, known))),
                Control("validation", "Validation", tuple(self._validation(session, known))),
            ),
        )

    def _review(self, known: Facts, by: Identity) -> Iterator[Check]:
        standing, found = share(known["reviewed"], known["releases"], what="running releases have a review that passed",
                                nothing="nothing runs yet")  # fmt: skip
        yield Check("RV1", "Whatever runs was reviewed", standing, found, "/findings", known["reviewed_at"])
        try:
            status = self.advisories.status(by)
            newest = min((source.newest for source in status.sources), default=None)
            standing = recent(newest, self.clock(), timedelta(days=status.stale_days))
        except BailiwickError:
            newest, standing = None, Standing.NOT_MEASURED
        words = f"advisories of {newest:%Y-%m-%d}" if newest else "no advisories were imported"
        yield Check("RV5", "Packages are checked against advisories", standing, words, "/packages", newest)
        unsafe = known["unsafe"]
        standing = Standing.FAILED if unsafe else Standing.HOLDS if known["releases"] else Standing.NOT_MEASURED
        words = f"{unsafe} releases would not pass the review today" if unsafe else "none that is known to be unsafe"
        yield Check(
            "RV9", "Nothing unsafe runs", standing, words, "/unsafe", known["rereviewed_at"] or known["reviewed_at"]
        )

    def _runtime(self, session: Session, known: Facts) -> Iterator[Check]:
        for plane in sorted(self.planes):
            yield self._attacked(session, plane, "RT1", f"Nothing gets out of the sandboxes of {plane}")
        for requirement, promise, name, evidence, none in (
            ("RT2", "Undeclared egress is refused", "egress_at", "/audit?action=egress.refused",
             "no app has tried what it did not declare"),
            ("RT5", "The kill switch works here", "stopped_at", "/kill", "nothing was ever stopped here"),
        ):  # fmt: skip
            last = known[name]
            standing = recent(last, self.clock(), _QUARTER)
            yield Check(requirement, promise, standing, f"last on {last:%Y-%m-%d}" if last else none, evidence, last)

    def _integrations(self, session: Session, known: Facts) -> Iterator[Check]:
        found = self.integrations.integrations(session)
        static = sorted({item.name for item in found for it in item.connections.values() if static_key(it)})
        standing = Standing.NOT_MEASURED if not found else Standing.GAP if static else Standing.HOLDS
        words = (
            f"{', '.join(static)}: shown a key that does not change" if static else f"{len(found)} integrations, none"
        )
        yield Check(
            "IN1", "No integration shows a static key", standing, words, "/inventory/integrations", self.clock()
        )
        standing, words = share(known["traced"], known["calls"], what="calls of 30 days have somebody behind them",
                                nothing="no call was made in 30 days")  # fmt: skip
        yield Check("IN3", "Each call traces to a name", standing, words, "/inventory/calls", known["called_at"])

    def _deployment(self, session: Session, known: Facts) -> Iterator[Check]:
        standing, words = share(known["approved"], known["deployed"], what="apps in production were approved by others "
                                "than their authors", nothing="nothing is in production")  # fmt: skip
        yield Check("DG1", "Nobody approves their own", standing, words, "/approvals", known["approved_at"])
        seen = self.networks.known(session)
        for item in seen:
            standing = Standing.NOT_MEASURED if item.time is None else recent(item.time, self.clock(), _DAY)
            if item.time is not None and not item.parted.ready:
                standing = Standing.FAILED
            elif not self.networks.separate:
                standing = Standing.GAP
            words = (
                f"{item.parted.parting.value}{': ' if item.parted.faults else ''}{'; '.join(item.parted.faults[:2])}"
            )
            promise = f"The network of the {item.plane} is apart" if item.plane == "control plane" else (
                f"The network of {item.plane} is apart")  # fmt: skip
            yield Check("DG4", promise, standing, words, "/planes", item.time)
        yield self._attested(known, "DG7", "What runs is what was signed")

    def _models(self, known: Facts) -> Iterator[Check]:
        found, redacted = known["values_found"], known["values_redacted"]
        if not known["outflow_at"]:
            standing, words = Standing.NOT_MEASURED, "no model was called"
        elif found == redacted:
            standing, words = Standing.HOLDS, f"{redacted:,} values of 30 days were taken out, none was left"
        else:
            standing, words = (
                Standing.GAP,
                f"{found - redacted:,} of {found:,} values of 30 days left as they are, as policy lets them",
            )
        yield Check(
            "AI1",
            "What must not leave is taken out of prompts",
            standing,
            words,
            "/model-inventory",
            known["outflow_at"],
        )
        drifts = known["drifts"]
        standing = (
            Standing.NOT_MEASURED if known["settings_at"] is None else Standing.FAILED if drifts else Standing.HOLDS
        )
        words = f"{drifts} places drifted" if drifts else "nothing drifted from the signed settings"
        yield Check("AI4", "Settings are as they were declared", standing, words, "/settings", known["settings_at"])

    def _audit(self, session: Session, known: Facts) -> Iterator[Check]:
        try:
            signed = latest_checkpoint(session, self.public_key).content
            standing = recent(signed.time, self.clock(), _SIGNED_WITHIN)
            words, when = f"{signed.size:,} events under a signature that verifies", signed.time
        except NotFoundError as fault:
            standing, words, when = Standing.NOT_MEASURED, fault.message, None
        except BailiwickError as fault:
            standing, words, when = Standing.FAILED, fault.message, known["signed_at"]
        yield Check("OB2", "The audit log is sealed each second", standing, words, "/audit", when)
        days = min(self.retention.days_for(action) for action in _AT_WORK)
        standing = Standing.HOLDS if days >= _LEAST_DAYS else Standing.FAILED
        yield Check(
            "OB2",
            f"Events are kept for {_LEAST_DAYS} days",
            standing,
            f"kept for {days} days",
            "/retention",
            self.clock(),
        )
        behind, exporters = known["exporters_behind"], known["exporters"]
        standing = Standing.NOT_MEASURED if not exporters else Standing.FAILED if behind else Standing.HOLDS
        words = "no exporter is set up" if not exporters else f"{exporters - behind} of {exporters} exporters deliver"
        yield Check("OB3", "Events reach the company's own log", standing, words, "/exporters", known["exported_at"])

    def _validation(self, session: Session, known: Facts) -> Iterator[Check]:
        every = [self._attacked(session, plane, "VA1", "") for plane in sorted(self.planes)]
        standing = worst([item.standing for item in every])
        times = [item.proved for item in every if item.proved is not None]
        words = "; ".join(f"{plane}: {item.found}" for plane, item in zip(sorted(self.planes), every, strict=True))
        oldest = min(times) if len(times) == len(every) and times else None
        yield Check("VA1", "The attack suite runs against this installation", standing, words, "/planes", oldest)
        yield self._attested(known, "VA2", "Attestations are renewed")
        standing, words = share(known["with_bill"], known["releases"], what="releases have a bill of materials",
                                nothing="nothing runs yet")  # fmt: skip
        yield Check(
            "VA3", "Each release has a bill of materials", standing, words, "/inventory/packages", known["reviewed_at"]
        )

    def _attacked(self, session: Session, plane: str, requirement: str, promise: str) -> Check:
        known = self.assurance.of(session, plane)
        if known.report is None or known.report.untried:
            standing = Standing.NOT_MEASURED
        elif known.broken:
            standing = Standing.FAILED
        else:
            standing = recent(known.report.time, self.clock(), _MONTH)
        return Check(
            requirement, promise, standing, known.words, "/planes", known.report.time if known.report else None
        )

    def _attested(self, known: Facts, requirement: str, promise: str) -> Check:
        standing, words = share(known["attested"], known["up"], what="running instances were attested as approved",
                                nothing="nothing runs")  # fmt: skip
        if standing is Standing.FAILED and not known["drifted"]:
            standing = Standing.GAP  # not attested yet: nobody said that something else runs
        if standing is Standing.HOLDS:
            standing = recent(known["attested_at"], self.clock(), _DAY)
        return Check(requirement, promise, standing, words, "/audit?action=instance.*", known["attested_at"])
