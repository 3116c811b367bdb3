"""The control plane as faces see it, and what it does by itself for as long as it runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from bailiwick.control.access_reviews import AccessReviewKeeper, AccessReviewService
from bailiwick.control.alerts import AlertKeeper, AlertService
from bailiwick.control.anomalies import AnomalyKeeper, AnomalyService
from bailiwick.control.asking import AppLogService, RowSampling
from bailiwick.control.assurance import AssuranceService
from bailiwick.control.attestation import AttestationService
from bailiwick.control.audit import AuditLog, complete_tiles, sign_checkpoint
from bailiwick.control.background import Periodic, keep_doing
from bailiwick.control.call_rates import CallRates
from bailiwick.control.capabilities import CapabilityService
from bailiwick.control.catalog import CatalogService
from bailiwick.control.certificate_requests import CertificateRequests
from bailiwick.control.change_windows import WindowService
from bailiwick.control.consents import ConsentKeeper, ConsentService
from bailiwick.control.controls import ControlService
from bailiwick.control.databases import DatabaseService, RehearsalService
from bailiwick.control.declared import DeclaredSettings
from bailiwick.control.delegations import DelegationKeeper, DelegationService
from bailiwick.control.domains import DomainService
from bailiwick.control.encryption_keys import EncryptionKeyService
from bailiwick.control.exceptions import ExceptionKeeper
from bailiwick.control.exporters import ExportRunner, ExportService
from bailiwick.control.freeze import FreezeService
from bailiwick.control.gates import RuleService
from bailiwick.control.grant_drafts import CatalogueBook, DraftService, GrantPreviews, KnownIdentities, UsageService
from bailiwick.control.guardrails import GuardrailService
from bailiwick.control.history import HistoryService
from bailiwick.control.identity import (
    AccessService,
    Authorizer,
    DirectoryService,
    IdentityService,
    InFlight,
    LdapSync,
    SamlService,
    ServiceIdentities,
    SessionService,
    TokenExchange,
    TokenService,
)
from bailiwick.control.inference import BudgetNotices, OutflowService, PromptLogService, RedactionTrial
from bailiwick.control.integrations import Connectors, DataClasses, GrantWithdrawals, IntegrationService, LimitTrial
from bailiwick.control.inventory import InventoryService
from bailiwick.control.listings import ListingService
from bailiwick.control.networks import NetworkService
from bailiwick.control.notices import LinkDesk, NoticeKeeper, NoticeService
from bailiwick.control.observe import ObserveService
from bailiwick.control.pauses import PauseService
from bailiwick.control.planes import DoorCertificate, PlaneHub, PlaneService, PolicySpread, enrol
from bailiwick.control.policies import PolicyService
from bailiwick.control.previews import PreviewKeeper, PreviewService
from bailiwick.control.queries import QueryLookup
from bailiwick.control.release import (
    DeployService,
    EvidenceService,
    ReleaseService,
    ResignService,
    RollbackService,
    Tester,
)
from bailiwick.control.requests import RepeatService
from bailiwick.control.rereview import RereviewKeeper, RereviewService
from bailiwick.control.retention import RetentionService
from bailiwick.control.reveals import RevealService
from bailiwick.control.review import AdvisoryService, IndexService, ReviewPool, ReviewService
from bailiwick.control.reviewers import ReviewerService
from bailiwick.control.rollouts import PlanService, RolloutKeeper, RolloutService
from bailiwick.control.rotations import ClientAuthority, RotationKeeper, RotationService
from bailiwick.control.secret_stores import LeaseKeeper, SecretStoreService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.signing import KeyService, PlatformStatements
from bailiwick.control.source import HookServer, SourceService, UploadService
from bailiwick.control.sql_functions import SqlFunctionService
from bailiwick.control.standards import StandardService, StandardTrial
from bailiwick.control.stops import StopService, Trials
from bailiwick.control.studio import StudioKeeper, StudioService
from bailiwick.control.telemetry import TelemetryService
from bailiwick.control.traces import TraceService
from bailiwick.control.vault import CertificateAuthority, Vault
from bailiwick.control.waivers import FindingBook, WaiverService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import UnavailableError
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

_LOG = logging.getLogger("bailiwick.control")
# From the end of one to the beginning of the next: a checkpoint that waits for writers still comes within a second.
CHECKPOINT_SECONDS = 0.5
_TILES_SECONDS = 1.0
_FOLLOW_SECONDS = 1.0
_RENEW_SECONDS = 60.0
_FORGET_SECONDS = 3600.0
_TIDY_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_SPANS_SECONDS = 3600.0
_EXPIRE_SECONDS = 600.0
_REMEMBER_SECONDS = 10.0
_ACCESS_REVIEW_SECONDS = 15.0
_WAIVER_SECONDS = 60.0
_CONSENT_SECONDS = 15.0
_PREVIEW_SECONDS = 30.0
_REREVIEW_SECONDS = 5.0
_CONTENTS_SECONDS = 30.0
_DEPLOYS_SECONDS = 30.0
_DRIFT_SECONDS = 5.0
_ROLLOUT_SECONDS = 1.0
_TRIAL_SECONDS = 1.0
_NOTICE_SECONDS = 2.0
_NETWORK_SECONDS = 60.0
_SEAL_SECONDS = 2.0
_ROTATION_SECONDS = 1.0
_STORES_SECONDS = 30.0
_LEASE_SECONDS = 2.0
_ANOMALY_SECONDS = 5.0


@dataclass(frozen=True)
class ControlPlane:
    """Everything that faces work with."""

    settings: ControlSettings
    declared: DeclaredSettings
    store: Store
    audit: AuditLog
    authorizer: Authorizer
    identity: IdentityService
    in_flight: InFlight
    tokens: TokenService
    sessions: SessionService
    saml: SamlService
    access: AccessService
    directory: DirectoryService
    services: ServiceIdentities
    exchange: TokenExchange
    inventory: InventoryService
    listings: ListingService
    queries: QueryLookup
    ldap: LdapSync
    vault: Vault
    encryption_keys: EncryptionKeyService
    reveals: RevealService
    rotations: RotationService
    rotation_keeper: RotationKeeper
    client_authority: ClientAuthority
    certificate_requests: CertificateRequests
    secret_stores: SecretStoreService
    lease_keeper: LeaseKeeper
    catalog: CatalogService
    policies: PolicyService
    spread: PolicySpread
    networks: NetworkService
    assurance: AssuranceService
    controls: ControlService
    integrations: IntegrationService
    limit_trial: LimitTrial
    withdrawals: GrantWithdrawals
    data_classes: DataClasses
    catalogues: CatalogueBook
    grant_drafts: DraftService
    grant_previews: GrantPreviews
    grant_usage: UsageService
    known_identities: KnownIdentities
    consents: ConsentService
    consent_keeper: ConsentKeeper
    connectors: Connectors
    alerts: AlertService
    alert_keeper: AlertKeeper
    anomalies: AnomalyService
    anomaly_keeper: AnomalyKeeper
    access_reviews: AccessReviewService
    access_review_keeper: AccessReviewKeeper
    history: HistoryService
    advisories: AdvisoryService
    index: IndexService
    reviews: ReviewService
    reviewers: ReviewerService
    review_pool: ReviewPool
    rereviews: RereviewService
    rereview_keeper: RereviewKeeper
    waivers: WaiverService
    findings: FindingBook
    waiver_keeper: ExceptionKeeper
    capabilities: CapabilityService
    capability_keeper: ExceptionKeeper
    sql_functions: SqlFunctionService
    outflows: OutflowService
    telemetry: TelemetryService
    prompt_logs: PromptLogService
    app_logs: AppLogService
    row_sampling: RowSampling
    redaction_trial: RedactionTrial
    budget_notices: BudgetNotices
    standards: StandardService
    standard_trial: StandardTrial
    studio: StudioService
    source: SourceService
    uploads: UploadService
    hooks: HookServer
    repeats: RepeatService
    releases: ReleaseService
    previews: PreviewService
    preview_keeper: PreviewKeeper
    studio_keeper: StudioKeeper
    call_rates: CallRates
    deploys: DeployService
    approval_rules: RuleService
    change_windows: WindowService
    guardrails: GuardrailService
    domains: DomainService
    pauses: PauseService
    rollbacks: RollbackService
    rollouts: RolloutService
    rollout_plans: PlanService
    rollout_keeper: RolloutKeeper
    databases: DatabaseService
    rehearsals: RehearsalService
    stops: StopService
    trials: Trials
    freezes: FreezeService
    observe: ObserveService
    traces: TraceService
    planes: PlaneService
    hub: PlaneHub
    authority: CertificateAuthority
    door: DoorCertificate
    audit_key: SigningKey
    evidence: EvidenceService
    signing: KeyService
    resigning: ResignService
    statements: PlatformStatements
    attestations: AttestationService
    tester: Tester
    exporters: ExportService
    notices: NoticeService
    notice_keeper: NoticeKeeper
    links: LinkDesk
    delegations: DelegationService
    delegation_keeper: DelegationKeeper
    retention: RetentionService
    clock: Clock


@contextlib.asynccontextmanager
async def running(control: ControlPlane) -> AsyncIterator[None]:
    """Keep the control plane's own work going: hooks, checkpoints, and certificates of planes."""
    control.hub.attach(asyncio.get_running_loop())
    if not control.settings.trial:
        await asyncio.to_thread(control.declared.record)
    await control.hooks.start()
    warming = asyncio.create_task(asyncio.to_thread(_warm, control))
    tasks = [asyncio.create_task(keep_doing(periodic)) for periodic in _work_of(control)]
    exporting = ExportRunner([] if control.settings.trial else control.exporters.workers())
    exporting.start()
    try:
        yield
    finally:
        control.ldap.ending.set()
        control.rereview_keeper.ending.set()
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(exporting.stop)
        control.hooks.close()
        await asyncio.to_thread(control.review_pool.close)
        await asyncio.gather(warming, return_exceptions=True)


def _work_of(control: ControlPlane) -> list[Periodic]:
    if control.settings.trial:
        return []
    return [
        Periodic("signing the audit log", CHECKPOINT_SECONDS, lambda: checkpoint(control)),
        Periodic("reading what older releases contain", _CONTENTS_SECONDS, control.freezes.read_older),
        Periodic("comparing the settings with what was declared", _DRIFT_SECONDS, control.declared.look),
        Periodic("keeping tiles of the audit log", _TILES_SECONDS, lambda: keep_tiles(control)),
        Periodic("following the policies in force", _FOLLOW_SECONDS, control.spread.follow),
        Periodic("renewing the certificate of the planes' door", _RENEW_SECONDS, control.door.renew),
        Periodic("enrolling planes", _RENEW_SECONDS, lambda: enrol_planes(control)),
        Periodic("forgetting who called how often", _FORGET_SECONDS, control.call_rates.forget),
        Periodic("forgetting credentials that ran out", _FORGET_SECONDS, control.sessions.forget_ended),
        Periodic("looking after service identities", _TIDY_SECONDS, control.services.tidy),
        *(
            Periodic(f"reading the directory {name}", _LOOK_SECONDS, partial(control.ldap.work, name))
            for name in control.ldap.sources
        ),
        Periodic("letting old audit events expire", _EXPIRE_SECONDS, control.retention.expire),
        Periodic("keeping spans of apps as long as they are to be", _SPANS_SECONDS, control.traces.keep),
        Periodic("remembering decisions for replays", _REMEMBER_SECONDS, control.policies.memory.keep),
        Periodic("keeping access reviews going", _ACCESS_REVIEW_SECONDS, control.access_review_keeper.keep_going),
        Periodic("looking after waivers", _WAIVER_SECONDS, control.waiver_keeper.keep),
        Periodic("looking after deploys that wait", _DEPLOYS_SECONDS, control.deploys.keep),
        Periodic("ending consents of people who left", _CONSENT_SECONDS, control.consent_keeper.keep),
        Periodic("ending previews of branches", _PREVIEW_SECONDS, control.preview_keeper.keep),
        Periodic("letting old conversations of the studio expire", _EXPIRE_SECONDS, control.studio_keeper.keep),
        Periodic("ending capabilities", _WAIVER_SECONDS, control.capability_keeper.keep),
        Periodic("taking rollouts further", _ROLLOUT_SECONDS, control.rollout_keeper.keep),
        Periodic("trying again what stopped by itself", _TRIAL_SECONDS, control.trials.keep),
        Periodic("reviewing again what is in use", _REREVIEW_SECONDS, control.rereview_keeper.keep),
        Periodic("ending delegations", _WAIVER_SECONDS, control.delegation_keeper.keep),
        Periodic("trying what must not be reached", _NETWORK_SECONDS, control.networks.probe),
        Periodic("rotating secrets", _ROTATION_SECONDS, control.rotation_keeper.keep),
        Periodic("keeping accounts that stores make", _LEASE_SECONDS, control.lease_keeper.keep),
        Periodic("looking at secrets in stores", _STORES_SECONDS, control.secret_stores.keep),
        Periodic("sealing anew under another key", _SEAL_SECONDS, control.encryption_keys.continue_sealing),
        Periodic("looking for anomalies", _ANOMALY_SECONDS, control.anomaly_keeper.keep),
        Periodic("raising alerts", _NOTICE_SECONDS, control.alert_keeper.keep),
        Periodic("calling pagers", _NOTICE_SECONDS, control.notice_keeper.send_pages),
        Periodic("sending mail", _NOTICE_SECONDS, control.notice_keeper.send_mail),
        Periodic("telling chats", _NOTICE_SECONDS, control.notice_keeper.send_chat),
        Periodic("forgetting old notices", _FORGET_SECONDS, control.notice_keeper.forget),
        Periodic("forgetting old decisions", _FORGET_SECONDS, control.policies.memory.forget),
    ]


def _warm(control: ControlPlane) -> None:
    """Start the workers of reviews; where that is not possible the rest goes on, and pushes are refused."""
    try:
        control.review_pool.start(control.advisories.surroundings(""))
    except UnavailableError as fault:
        _LOG.error("no push can be reviewed: %s; %s", fault.message, fault.hint)


def checkpoint(control: ControlPlane) -> None:
    """Sign the audit log as it stands."""
    with control.store.transaction() as session:
        sign_checkpoint(session, control.audit_key, control.clock)


def keep_tiles(control: ControlPlane) -> None:
    """Keep the tiles of the audit log's tree that became full, a few in each transaction."""
    more = True
    while more:
        with control.store.transaction() as session:
            more = complete_tiles(session)


def enrol_planes(control: ControlPlane) -> None:
    """Put a certificate into the folder of each plane of the settings that has none, or let its own lapse."""
    for name, plane in control.settings.planes.items():
        enrol(control.authority, name, plane.credentials, control.clock)
