"""What planes pull and push: their desired state, artefacts, secrets and passes; and the reports they send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes.certificates import PLANE_PATH
from bailiwick.control.planes.tables import PlanePoliciesRow, SpoolRow
from bailiwick.control.policies import remember
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.messages import (
    AccountsReport,
    Acknowledgement,
    AppReport,
    AppState,
    AskedQuestion,
    AuditReport,
    DecisionsReport,
    DesiredState,
    JobReport,
    KillReport,
    PassAnswer,
    PassRequest,
    PlaneWelcome,
    PoliciesReport,
    ReportBatch,
    RequestRollup,
    SecretValue,
    Sequenced,
)
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.policy import Asked, ContextValue, Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

PASS_LIFETIME = timedelta(hours=8)
_OfAnApp = AppReport | RequestRollup | KillReport | JobReport


class Releases(Protocol):
    """What planes need of the release domain."""

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve."""

    def artifact_bytes(self, session: Session, sha256: str) -> bytes:
        """Return an artefact."""

    def modes(self, plane: str) -> frozenset[str]:
        """Return the modes ("preview", "production") that a plane serves."""


class Stops(Protocol):
    """What planes need of the kill switch."""

    def record_automatic(self, session: Session, report: KillReport, *, plane: str, evidence: str) -> None:
        """Remember that a plane stopped an app."""


class Codes(Protocol):
    """What planes need of the identity domain."""

    def redeem_code(self, code: str, *, audience: str, verifier: str) -> "Redeemed":
        """Return who is behind a one-time code."""

    def epochs(self, session: Session) -> Mapping[str, int]:
        """Return the principals whose credentials were revoked, with their present epoch."""


class Policies(Protocol):
    """What planes need of the policies domain."""

    def in_force(self, session: Session) -> tuple[int, str]:
        """Return the generation in force, and everything beside the built-in policies as Cedar text."""

    def refresh(self, session: Session) -> None:
        """Decide by what is in force from now on, whoever put it there."""


class Redeemed(Protocol):
    """Who came back with a one-time code, and under which session."""

    @property
    def identity(self) -> Identity:
        """The person."""

    @property
    def session_id(self) -> str:
        """The console session that the code was made in."""


class Secrets(Protocol):
    """What planes need of the vault."""

    def reveal(self, session: Session, name: str) -> str:
        """Return a secret's value."""


class Authority(Protocol):
    """What planes need of the certificate authority."""

    def answer(self, path: str, request: bytes) -> str:
        """Return a certificate for a path of the trust domain and the key of a signing request."""


class Accounts(Protocol):
    """What planes need of whoever keeps the accounts that were found in connected systems."""

    def record(self, session: Session, plane: str, report: AccountsReport) -> None:
        """Remember what a plane saw."""


@dataclass(frozen=True)
class PlaneKeys:
    """The keys whose public halves planes pin, and the private ones used towards planes."""

    downlink: SigningKey
    passes: SigningKey
    review: str
    approval: str
    release: str


class PlaneService:
    """Answers planes. Each is known by its certificate; nothing in a message says which plane it is."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        observe: ObserveService,
        releases: Releases,
        stops: Stops,
        codes: Codes,
        secrets: Secrets,
        authority: Authority,
        policies: Policies,
        accounts: Accounts,
        keys: PlaneKeys,
        sign_in_url: str,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._observe = observe
        self._releases = releases
        self._stops = stops
        self._codes = codes
        self._secrets = secrets
        self._authority = authority
        self._policies = policies
        self._accounts = accounts
        self._keys = keys
        self._sign_in_url = sign_in_url
        self._clock = clock
        self._version = 0

    def welcome(self, plane: str) -> PlaneWelcome:
        """Return whose signatures count, for the plane to pin."""
        return PlaneWelcome(
            plane=plane,
            downlink_key=self._keys.downlink.public_text,
            pass_key=self._keys.passes.public_text,
            review_keys=(self._keys.review,),
            approval_keys=(self._keys.approval,),
            release_keys=(self._keys.release,),
        )

    def renew_certificate(self, plane: str, request: bytes) -> str:
        """Return the plane's next certificate, for the key of its signing request; audited."""
        certificate = self._authority.answer(f"{PLANE_PATH}{plane}", request)
        who = str(_identity(plane).principal)
        with self._store.transaction() as session:
            self._audit.note(session, who, "certificate.issued", who, plane=plane)
        return certificate

    def desired_state(self, plane: str) -> DesiredState:
        """Return what the plane should be now. Versions follow the clock, so they rise over restarts too."""
        now = self._clock()
        with self._store.transaction() as session:
            apps = self._releases.app_states(session, plane)
            epochs = self._codes.epochs(session)
            generation, policies = self._policies.in_force(session)
        self._version = max(self._version + 1, int(now.timestamp() * 1000))
        return DesiredState(
            version=self._version,
            plane=plane,
            time=now,
            sign_in_url=self._sign_in_url,
            apps=apps,
            epochs=dict(epochs),
            policies=policies,
            policies_generation=generation,
        )

    def artifact(self, plane: str, sha256: str) -> bytes:
        """Return an artefact that this plane should run; others are not its business."""
        with self._store.transaction() as session:
            if sha256 not in {app.artifact_sha256 for app in self._releases.app_states(session, plane)}:
                raise NotFoundError("no app of this plane has this artefact")
            return self._releases.artifact_bytes(session, sha256)

    def secret(self, plane: str, name: str) -> SecretValue:
        """Return the credential of an integration that an app of this plane uses; anything else is refused, audited."""
        with self._store.transaction() as session:
            wanted = {
                integration.connection.secret
                for app in self._releases.app_states(session, plane)
                for integration in app.integrations
                if integration.enabled
            }
            who = _identity(plane)
            decision = self._authorizer.settle(
                session, who, "secret.fetch", f"secret:{name}", {"used_here": name in wanted}
            )
            self._audit.note(
                session,
                str(who.principal),
                "secret.fetched",
                f"secret:{name}",
                outcome=Outcome.SUCCESS if decision.allowed else Outcome.REFUSED,
                reason="" if decision.allowed else decision.reason,
                plane=plane,
                deciders=decision.deciders,
            )
            value = self._secrets.reveal(session, name) if decision.allowed else ""
        decision.require()
        return SecretValue(name=name, value=value)

    def answer_pass(self, plane: str, request: PassRequest) -> PassAnswer:
        """Exchange the one-time code that a browser brought for a pass at that app, which this plane must serve."""
        with self._store.transaction() as session:
            self._may_speak_for(session, plane, "pass.issue", request.app, request.mode).require()
        redeemed = self._codes.redeem_code(
            request.code, audience=f"app:{request.mode}/{request.app}", verifier=request.verifier
        )
        now, sign_in = self._clock(), redeemed.identity.sign_in
        expires = now + PASS_LIFETIME
        content = Pass(
            redeemed.identity,
            request.app,
            request.mode,
            redeemed.session_id,
            expires,
            now - timedelta(seconds=sign_in.age_seconds) if sign_in is not None else None,
            sign_in is not None and sign_in.second_factor,
        )
        return PassAnswer(token=issue_pass(content, self._keys.passes), expires=expires)

    def take_reports(self, plane: str, batch: ReportBatch) -> Acknowledgement:
        """Take in a batch, each report once whatever is sent again, all in one transaction.

        What a plane says of a mode that it does not serve is not believed, and audited. Reports that are missing
        before or between these (the control plane was restored from a backup, or something is wrong) are lost: what
        came is taken, and the log says which did not. Raises `InvalidInputError` for reports out of order.
        """
        numbers = [item.sequence for item in batch.reports]
        if numbers != sorted(set(numbers)):
            raise InvalidInputError("the reports of a batch are not in order", hint="send each once, oldest first")
        with self._store.transaction() as session:
            spool = self._locked_spool(session, plane, batch.spool)
            news = [item for item in batch.reports if item.sequence > spool.sequence]
            self._note_missing(session, plane, batch.spool, spool.sequence, news)
            events = [
                item.report.event.model_copy(update={"plane": plane})
                for item in news
                if isinstance(item.report, AuditReport)
            ]
            for item in news:
                if isinstance(item.report, PoliciesReport):
                    self._take_policies(session, plane, item.report)
                elif isinstance(item.report, AccountsReport):
                    self._take_accounts(session, plane, item.report)
                elif isinstance(item.report, DecisionsReport):
                    remember(session, [_asked(plane, asked) for asked in item.report.asked])
                elif not isinstance(item.report, AuditReport) and self._believes(session, plane, item.report):
                    self._take(session, plane, item.report)
            self._audit.append_all(session, events)
            if news:
                spool.sequence = news[-1].sequence
            return Acknowledgement(sequence=spool.sequence)

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

    def policies_at(self, session: Session) -> dict[str, PoliciesReport]:
        """Return by which policies each plane last said that it decides."""
        rows = session.scalars(select(PlanePoliciesRow))
        return {row.plane: PoliciesReport(generation=row.generation, fault=row.fault, time=row.time) for row in rows}

    @staticmethod
    def _take_policies(session: Session, plane: str, report: PoliciesReport) -> None:
        said = {"generation": report.generation, "fault": report.fault, "time": report.time}
        row = insert(PlanePoliciesRow).values(plane=plane, **said)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "plane"], set_=said))

    def _take_accounts(self, session: Session, plane: str, report: AccountsReport) -> None:
        """Take what a plane saw in a system that apps of it use; of others it cannot know anything."""
        used = {item.resource for app in self._releases.app_states(session, plane) for item in app.integrations}
        if report.integration in used:
            self._accounts.record(session, plane, report)

    def _believes(self, session: Session, plane: str, report: _OfAnApp) -> bool:
        mode = "production" if isinstance(report, JobReport) else report.mode
        decision = self._may_speak_for(session, plane, "report.take", report.app, mode)
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

    def _may_speak_for(self, session: Session, plane: str, action: str, app: str, mode: str) -> Decision:
        context: dict[str, ContextValue] = {"mode": mode, "serves": self._releases.modes(plane)}
        return self._authorizer.decide(session, _identity(plane), action, f"app:{app}", context)

    def _take(self, session: Session, plane: str, report: _OfAnApp) -> None:
        match report:
            case AppReport():
                self._observe.take_status(session, plane, report)
            case RequestRollup():
                self._observe.take_rollup(session, plane, report)
            case JobReport():
                self._observe.take_job(session, report)
            case KillReport():
                evidence = self._observe.take_evidence(session, report)
                self._stops.record_automatic(session, report, plane=plane, evidence=evidence)

    def _locked_spool(self, session: Session, plane: str, spool: str) -> SpoolRow:
        session.execute(insert(SpoolRow).values(plane=plane, spool=spool, sequence=0).on_conflict_do_nothing())
        own = select(SpoolRow).where(SpoolRow.plane == plane, SpoolRow.spool == spool)
        return session.scalars(own.with_for_update()).one()


def _asked(plane: str, asked: AskedQuestion) -> Asked:
    """Return a question as it is kept; a plane speaks for itself only."""
    question = {**asked.question, "environment": plane}
    return Asked(f"{plane}/{asked.key}", asked.day, question, asked.allowed, asked.deciders, asked.times, asked.last)


def _identity(plane: str) -> Identity:
    return Identity.of_service(Principal("plane", plane))
