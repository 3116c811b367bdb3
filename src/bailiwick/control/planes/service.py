"""What planes pull and push: their desired state, artefacts, secrets and passes; and the reports they send."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import Authorizer
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes.certificates import PLANE_PATH
from bailiwick.control.planes.fetching import OfEnvironment, may_fetch, plane_identity
from bailiwick.control.planes.models import PlaneModels
from bailiwick.control.planes.needs import (
    Accounts,
    Assurance,
    Attestations,
    Authority,
    Codes,
    DeclaredSettings,
    GrantDrafts,
    Networks,
    Outflows,
    OwnDatabases,
    PlaneConsents,
    PlaneKeys,
    Policies,
    Previews,
    Redeemed,
    Rehearsals,
    Releases,
    Rollouts,
    Secrets,
    Stops,
)
from bailiwick.control.planes.reports import ReportTaker, may_speak_for
from bailiwick.control.planes.tables import PlanePoliciesRow
from bailiwick.control.telemetry import PlaneTelemetry
from bailiwick.control.traces import TraceService
from bailiwick.control.vault import Held
from bailiwick.core.branches import instance_name
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.messages import (
    Acknowledgement,
    AppState,
    DesiredState,
    PassAnswer,
    PassRequest,
    PlaneWelcome,
    PoliciesReport,
    PromptRules,
    ReportBatch,
    SecretValue,
)
from bailiwick.core.passes import GRANTS_LABEL, GRANTS_MODE, Pass, issue_pass
from bailiwick.core.policy import ContextValue
from bailiwick.core.prompt_logs import PROMPT_KEY
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.core.stops import StopKind
from bailiwick.core.trust import PURPOSES
from bailiwick.store import Store

# What the platform makes itself, and is of no environment.
_OWN_KEYS = frozenset({MASK_KEY, PROMPT_KEY})
PASS_LIFETIME, GRANTS_PASS_LIFETIME = timedelta(hours=8), timedelta(minutes=15)


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
        of_environment: OfEnvironment,
        consents: PlaneConsents,
        authority: Authority,
        models: PlaneModels,
        policies: Policies,
        accounts: Accounts,
        databases: OwnDatabases,
        rehearsals: Rehearsals,
        attestations: Attestations,
        rollouts: Rollouts,
        declared: DeclaredSettings,
        previews: Previews,
        networks: Networks,
        assurance: Assurance,
        drafts: GrantDrafts,
        sql_functions: Callable[[Session], Mapping[str, tuple[AllowedFunction, ...]]],
        outflows: Outflows,
        traces: TraceService,
        telemetry: Callable[[Session], PlaneTelemetry],
        prompts: PromptRules,
        keys: PlaneKeys,
        sign_in_url: str,
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._releases = releases
        self._codes = codes
        self._secrets = secrets
        self._of_environment = of_environment
        self.consents = consents
        self._authority = authority
        self.models = models
        self._policies = policies
        self._keys = keys
        self._sign_in_url = sign_in_url
        self._clock = clock
        self._version = 0
        self._reports = ReportTaker(
            store=store,
            audit=audit,
            authorizer=authorizer,
            observe=observe,
            releases=releases,
            stops=stops,
            accounts=accounts,
            models=models,
            databases=databases,
            rehearsals=rehearsals,
            attestations=attestations,
            rollouts=rollouts,
            declared=declared,
            previews=previews,
            networks=networks,
            assurance=assurance,
            drafts=drafts,
            outflows=outflows,
            traces=traces,
        )
        self._drafts = drafts
        self._sql_functions = sql_functions
        self._outflows = outflows
        self._telemetry = telemetry
        self._prompts = prompts
        self._networks = networks
        self._previews = previews
        self._stops = stops
        self._rehearsals = rehearsals

    def welcome(self, plane: str) -> PlaneWelcome:
        """Return whose signatures count, for the plane to pin."""
        with self._store.transaction() as session:
            first = {purpose: (self._keys.signing.first(session, purpose),) for purpose in PURPOSES}
        return PlaneWelcome(
            plane=plane,
            downlink_key=self._keys.downlink.public_text,
            pass_key=self._keys.passes.public_text,
            review_keys=first["review"],
            approval_keys=first["approval"],
            release_keys=first["release"],
        )

    def renew_certificate(self, plane: str, request: bytes) -> str:
        """Return the plane's next certificate, for the key of its signing request; audited."""
        certificate = self._authority.answer(f"{PLANE_PATH}{plane}", request)
        who = str(plane_identity(plane).principal)
        with self._store.transaction() as session:
            self._audit.note(session, who, "certificate.issued", who, plane=plane)
        return certificate

    def desired_state(self, plane: str) -> DesiredState:
        """Return what the plane should be now. Versions follow the clock, so they rise over restarts too."""
        now = self._clock()
        with self._store.transaction() as session:
            apps = self._releases.app_states(session, plane)
            candidates = self._releases.candidate_states(session, plane)
            epochs = self._codes.epochs(session)
            stops = self._stops.now(session)
            models = tuple(
                model.model_copy(update={"stopped": stops.on_way(StopKind.MODEL, model.name, plane)})
                for model in self.models.states(session)
            )
            generation, policies = self._policies.in_force(session)
            rehearsals = self._rehearsals.wanted(session, self._releases.modes(plane))
            changes = self._keys.signing.changes(session)
            ended = self._previews.ended(session) if "preview" in self._releases.modes(plane) else ()
            networks = self._networks.rules(session, plane)
            secrets = self._secrets.versions(session, _secrets_of(apps + candidates))
            systems = self._drafts.states(session, plane)
            ended_consents = self.consents.ended_lately(session)
            functions = self._sql_functions(session)
            switches = self._outflows.in_force(session)
            told = self._telemetry(session)
        self._version = max(self._version + 1, int(now.timestamp() * 1000))
        return DesiredState(
            version=self._version,
            plane=plane,
            time=now,
            sign_in_url=self._sign_in_url,
            apps=apps,
            candidates=candidates,
            epochs=dict(epochs),
            region=self.models.regions.get(plane, ""),
            models=models,
            model_budgets=self.models.budgets,
            policies=policies,
            policies_generation=generation,
            rehearsals=rehearsals,
            key_changes=changes,
            ended=ended,
            networks=networks,
            secrets=dict(secrets),
            systems=systems,
            ended_consents=ended_consents,
            sql_functions=_of_these(functions, apps + candidates),
            outflow_switches=switches,
            prompts=self._prompts,
            reports_without=told.without,
            otel=told.otel,
        )

    def artifact(self, plane: str, sha256: str) -> bytes:
        """Return an artefact that this plane should run; others are not its business."""
        with self._store.transaction() as session:
            named = {blob for app in self._served(session, plane) for blob in app.blobs}
        if sha256 not in named:
            raise NotFoundError("no app of this plane has this artefact")
        return self._releases.artifact_bytes(sha256)

    def secret(self, plane: str, name: str) -> SecretValue:
        """Return the credential of an integration that an app of this plane uses, or that somebody just works on the
        grants of, as far as it is one of the plane's environment; anything else is refused, audited.
        """
        with self._store.transaction() as session:
            used_here = name in {*_secrets_of(self._served(session, plane)), *self._drafts.secrets(session, plane)}
            used_here = used_here or (name == PROMPT_KEY and bool(self.models.states(session)))
            decision = may_fetch(
                self._authorizer,
                self._audit,
                session,
                plane,
                name,
                used_here=used_here,
                of_environment=name in _OWN_KEYS or self._of_environment(session, plane, name),
            )
            opened = self._opener(session, plane, name) if decision.allowed else _nothing
        decision.require()
        held = opened()
        return SecretValue(name=name, value=held.value, version=held.version, account=held.account)

    def _opener(self, session: Session, plane: str, name: str) -> Callable[[], Held]:
        if name in _OWN_KEYS:
            own = self._secrets.mask_key(session) if name == MASK_KEY else self._secrets.prompt_key(session, plane)
            key = Held(0, "", own)
            return lambda: key
        return self._secrets.opener(session, name)

    def _served(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return everything that a plane may run."""
        return self._releases.app_states(session, plane) + self._releases.candidate_states(session, plane)

    def answer_pass(self, plane: str, request: PassRequest) -> PassAnswer:
        """Exchange the one-time code that a browser brought for a pass at that app, which this plane must serve."""
        if request.mode == GRANTS_MODE:
            return self._answer_grants_pass(plane, request)
        with self._store.transaction() as session:
            may_speak_for(
                self._authorizer, self._releases, session, plane, "pass.issue", request.app, request.mode
            ).require()
        redeemed = self._codes.redeem_code(
            request.code,
            audience=f"app:{request.mode}/{instance_name(request.app, request.branch)}",
            verifier=request.verifier,
        )
        return self._pass(redeemed, instance_name(request.app, request.branch), request.mode, PASS_LIFETIME)

    def _answer_grants_pass(self, plane: str, request: PassRequest) -> PassAnswer:
        """Exchange a code for a pass at the page of this very plane that shows drafts, while it has any to show."""
        with self._store.transaction() as session:
            shows = any(state.previews for state in self._drafts.states(session, plane))
            context: dict[str, ContextValue] = {
                "mode": GRANTS_MODE,
                "serves": frozenset({GRANTS_MODE} if shows else ()),
            }
            who = plane_identity(plane)
            self._authorizer.require(session, who, "pass.issue", f"app:{GRANTS_LABEL}", context)
        audience = f"{GRANTS_MODE}:{plane}"
        redeemed = self._codes.redeem_code(request.code, audience=audience, verifier=request.verifier)
        return self._pass(redeemed, plane, GRANTS_MODE, GRANTS_PASS_LIFETIME)

    def _pass(self, redeemed: Redeemed, app: str, mode: str, lifetime: timedelta) -> PassAnswer:
        now, sign_in = self._clock(), redeemed.identity.sign_in
        expires = now + lifetime
        content = Pass(
            redeemed.identity,
            app,
            mode,
            redeemed.session_id,
            expires,
            now - timedelta(seconds=sign_in.age_seconds) if sign_in is not None else None,
            sign_in is not None and sign_in.second_factor,
        )
        return PassAnswer(token=issue_pass(content, self._keys.passes), expires=expires)

    def take_reports(self, plane: str, batch: ReportBatch) -> Acknowledgement:
        """Take in a batch of reports, each once whatever is sent again."""
        return self._reports.take(plane, batch)

    def policies_at(self, session: Session) -> dict[str, PoliciesReport]:
        """Return by which policies each plane last said that it decides."""
        rows = session.scalars(select(PlanePoliciesRow))
        return {row.plane: PoliciesReport(generation=row.generation, fault=row.fault, time=row.time) for row in rows}


def _of_these(
    functions: Mapping[str, tuple[AllowedFunction, ...]], apps: Iterable[AppState]
) -> dict[str, tuple[AllowedFunction, ...]]:
    """Return the functions of databases that these apps use."""
    used = {integration.resource for app in apps for integration in app.integrations}
    return {name: found for name, found in functions.items() if name in used}


def _nothing() -> Held:
    return Held(0, "", "")


def _secrets_of(apps: Iterable[AppState]) -> frozenset[str]:
    """Return the secrets that the integrations of apps name, as far as they are switched on, and the key of masks where
    one of their grants has such.
    """
    used = [integration for app in apps for integration in app.integrations if integration.enabled]
    named = {secret for integration in used for secret in integration.connection.secrets}
    return frozenset(named | ({MASK_KEY} if any(integration.grant.is_keyed for integration in used) else set()))
