"""The control plane as faces see it, and what it does by itself for as long as it runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from bailiwick.control.access_reviews import AccessReviewKeeper, AccessReviewService
from bailiwick.control.audit import AuditLog, complete_tiles, sign_checkpoint
from bailiwick.control.background import Periodic, keep_doing
from bailiwick.control.capabilities import CapabilityKeeper, CapabilityService
from bailiwick.control.catalog import CatalogService
from bailiwick.control.exporters import ExportRunner, ExportService
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
from bailiwick.control.integrations import GrantWithdrawals, IntegrationService
from bailiwick.control.inventory import InventoryService
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes import DoorCertificate, PlaneHub, PlaneService, PolicySpread, enrol
from bailiwick.control.policies import PolicyService
from bailiwick.control.release import (
    DeployService,
    ReleaseService,
    StopService,
)
from bailiwick.control.requests import RepeatService
from bailiwick.control.rereview import RereviewKeeper, RereviewService
from bailiwick.control.retention import RetentionService
from bailiwick.control.review import AdvisoryService, ReviewPool, ReviewService
from bailiwick.control.reviewers import ReviewerService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.source import HookServer, SourceService, UploadService
from bailiwick.control.standards import StandardService, StandardTrial
from bailiwick.control.vault import CertificateAuthority, Vault
from bailiwick.control.waivers import FindingBook, WaiverKeeper, WaiverService
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
_EXPIRE_SECONDS = 600.0
_REMEMBER_SECONDS = 10.0
_ACCESS_REVIEW_SECONDS = 15.0
_WAIVER_SECONDS = 60.0
_REREVIEW_SECONDS = 5.0


@dataclass(frozen=True)
class ControlPlane:
    """Everything that faces work with."""

    settings: ControlSettings
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
    ldap: LdapSync
    vault: Vault
    catalog: CatalogService
    policies: PolicyService
    spread: PolicySpread
    integrations: IntegrationService
    withdrawals: GrantWithdrawals
    access_reviews: AccessReviewService
    access_review_keeper: AccessReviewKeeper
    history: HistoryService
    advisories: AdvisoryService
    reviews: ReviewService
    reviewers: ReviewerService
    review_pool: ReviewPool
    rereviews: RereviewService
    rereview_keeper: RereviewKeeper
    waivers: WaiverService
    findings: FindingBook
    waiver_keeper: WaiverKeeper
    capabilities: CapabilityService
    capability_keeper: CapabilityKeeper
    standards: StandardService
    standard_trial: StandardTrial
    source: SourceService
    uploads: UploadService
    hooks: HookServer
    repeats: RepeatService
    releases: ReleaseService
    deploys: DeployService
    stops: StopService
    observe: ObserveService
    planes: PlaneService
    hub: PlaneHub
    authority: CertificateAuthority
    door: DoorCertificate
    audit_key: SigningKey
    exporters: ExportService
    retention: RetentionService
    clock: Clock


@contextlib.asynccontextmanager
async def running(control: ControlPlane) -> AsyncIterator[None]:
    """Keep the control plane's own work going: hooks, checkpoints, and certificates of planes."""
    control.hub.attach(asyncio.get_running_loop())
    await control.hooks.start()
    warming = asyncio.create_task(asyncio.to_thread(_warm, control))
    tasks = [asyncio.create_task(keep_doing(periodic)) for periodic in _work_of(control)]
    exporting = ExportRunner(control.exporters.workers())
    exporting.start()
    try:
        yield
    finally:
        control.ldap.ending.set()
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(exporting.stop)
        control.hooks.close()
        await asyncio.to_thread(control.review_pool.close)
        await asyncio.gather(warming, return_exceptions=True)


def _work_of(control: ControlPlane) -> list[Periodic]:
    return [
        Periodic("signing the audit log", CHECKPOINT_SECONDS, lambda: checkpoint(control)),
        Periodic("keeping tiles of the audit log", _TILES_SECONDS, lambda: keep_tiles(control)),
        Periodic("following the policies in force", _FOLLOW_SECONDS, control.spread.follow),
        Periodic("renewing the certificate of the planes' door", _RENEW_SECONDS, control.door.renew),
        Periodic("enrolling planes", _RENEW_SECONDS, lambda: enrol_planes(control)),
        Periodic("forgetting credentials that ran out", _FORGET_SECONDS, control.sessions.forget_ended),
        Periodic("looking after service identities", _TIDY_SECONDS, control.services.tidy),
        *(
            Periodic(f"reading the directory {name}", _LOOK_SECONDS, partial(control.ldap.work, name))
            for name in control.ldap.sources
        ),
        Periodic("letting old audit events expire", _EXPIRE_SECONDS, control.retention.expire),
        Periodic("remembering decisions for replays", _REMEMBER_SECONDS, control.policies.memory.keep),
        Periodic("keeping access reviews going", _ACCESS_REVIEW_SECONDS, control.access_review_keeper.keep_going),
        Periodic("looking after waivers", _WAIVER_SECONDS, control.waiver_keeper.keep),
        Periodic("ending capabilities", _WAIVER_SECONDS, control.capability_keeper.keep),
        Periodic("reviewing again what is in use", _REREVIEW_SECONDS, control.rereview_keeper.keep),
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
