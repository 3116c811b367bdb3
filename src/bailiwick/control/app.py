"""The one place where the control plane is put together: settings in, object graph out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews import AccessReviewKeeper, AccessReviewService, GrantSource, RoleSource
from bailiwick.control.audit import AuditLog, RetentionRules, complete_tiles, sign_checkpoint
from bailiwick.control.background import Periodic, keep_doing
from bailiwick.control.catalog import App, CatalogService, data_classes_of
from bailiwick.control.exporters import ExportRunner, ExportService, secret_reader
from bailiwick.control.identity import (
    AccessService,
    Authorizer,
    ClaimRule,
    DirectoryService,
    IdentityService,
    InFlight,
    LdapSync,
    Resources,
    SamlKeys,
    SamlService,
    ServiceIdentities,
    SessionService,
    StepUpRule,
    TokenExchange,
    TokenService,
    step_up_policies,
)
from bailiwick.control.integrations import GrantWithdrawals, IntegrationService
from bailiwick.control.inventory import InventoryService
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes import DoorCertificate, PlaneHub, PlaneKeys, PlaneService, PolicySpread, enrol
from bailiwick.control.policies import DecisionMemory, PolicyForce, PolicyService
from bailiwick.control.release import (
    AppKilled,
    ArtifactStore,
    Change,
    DeployService,
    JobAsked,
    Packer,
    ReleaseService,
    ReleaseSigner,
    ServingService,
    StopService,
)
from bailiwick.control.requests import RepeatService
from bailiwick.control.retention import RetentionService
from bailiwick.control.review import ReviewService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.sign_in import build_providers
from bailiwick.control.source import HookServer, PushRecord, Repositories, SourceService
from bailiwick.control.vault import CertificateAuthority, LocalFileKeyProvider, Vault
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import KillOrder, RunJobOrder
from bailiwick.core.policy import Journal, PoliciesInForce
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope, SigningKey
from bailiwick.store import Store

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
_PURPOSES = ("review", "approval", "release", "downlink", "pass", "audit")
# From the end of one to the beginning of the next: a checkpoint that waits for writers still comes within a second.
_CHECKPOINT_SECONDS = 0.5
_TILES_SECONDS = 1.0
_FOLLOW_SECONDS = 1.0
_RENEW_SECONDS = 60.0
_FORGET_SECONDS = 3600.0
_TIDY_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_EXPIRE_SECONDS = 600.0
_REMEMBER_SECONDS = 10.0
_ACCESS_REVIEW_SECONDS = 15.0


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
    reviews: ReviewService
    source: SourceService
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


def build_control(settings: ControlSettings, clock: Clock = utc_now) -> ControlPlane:
    """Connect to the database, bring it up to date, unseal the keys, and put the services together."""
    store = Store.connect(settings.database_url.get_secret_value())
    store.migrate()
    audit = AuditLog(clock)
    policies = PoliciesInForce(step_up_policies(_step_up_rules(settings)), environment="control", clock=clock)
    relay = _ChangeRelay()
    force = PolicyForce(policies, on_swap=relay.tell)
    journal = Journal()
    authorizer = Authorizer(policies, refresh=force.refresh, data_classes=data_classes_of, on_asked=journal.add)
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = Vault(store, LocalFileKeyProvider(settings.state / "vault.key"), audit, clock)
    with store.transaction() as session:
        keys = {purpose: vault.signing_key(session, purpose) for purpose in _PURPOSES}
        authority = CertificateAuthority.load(session, vault, clock)
        saml_keys = SamlKeys.load(session, vault, clock) if settings.saml else None
    providers = build_providers(settings, saml_keys, clock)
    identity = IdentityService(
        store=store,
        audit=audit,
        authorizer=authorizer,
        providers=providers,
        first_administrator=_first_administrator(settings),
        clock=clock,
        on_change=relay.refresh,
    )
    relay.in_flight = in_flight = InFlight(lambda: _epochs(store, identity))
    services = ServiceIdentities(store, audit, authorizer, clock, relay.refresh)
    catalog = CatalogService(store=store, audit=audit, authorizer=authorizer, clock=clock)
    integrations = IntegrationService(
        store=store, audit=audit, authorizer=authorizer, clock=clock, on_change=relay.refresh
    )
    withdrawals = GrantWithdrawals(store=store, audit=audit, authorizer=authorizer, on_change=relay.refresh)
    reviewed = (RoleSource(identity), GrantSource(catalog, withdrawals))
    names = {"app": catalog.app_paths, "folder": catalog.folder_paths, "integration": integrations.names}
    access = AccessService(authorizer, names, clock)
    reviews = ReviewService(keys["review"], clock)
    observe = ObserveService(clock)
    sources = _source(
        settings, store, audit, authorizer, in_flight, catalog, reviews, vault, integrations, clock, relay
    )
    artifacts = ArtifactStore(settings.state / "artifacts")
    signer = ReleaseSigner(
        approval_key=keys["approval"], release_key=keys["release"], review_public=keys["review"].public_text
    )
    packer = Packer(signer=signer, artifacts=artifacts, clock=clock)
    stops = StopService(
        store=store, audit=audit, authorizer=authorizer, catalog=catalog, clock=clock, notify=relay.notify
    )
    releases = ReleaseService(
        store=store,
        audit=audit,
        authorizer=authorizer,
        catalog=catalog,
        integrations=integrations,
        sources=sources,
        packer=packer,
        notify=relay.notify,
    )
    relay.releases = releases
    deploys = DeployService(
        store=store,
        audit=audit,
        authorizer=authorizer,
        catalog=catalog,
        integrations=integrations,
        sources=sources,
        verdicts=reviews,
        signer=signer,
        packer=packer,
        stops=stops,
        clock=clock,
        notify=relay.notify,
    )
    serving = ServingService(
        authorizer=authorizer, catalog=catalog, integrations=integrations, stops=stops, artifacts=artifacts
    )
    planes = PlaneService(
        store=store,
        audit=audit,
        authorizer=authorizer,
        observe=observe,
        releases=serving,
        stops=stops,
        codes=identity,
        secrets=vault,
        authority=authority,
        policies=force,
        keys=_plane_keys(keys),
        sign_in_url=f"{settings.public_url}/sign-in/app",
        clock=clock,
    )
    hub = PlaneHub(planes.desired_state, keys["downlink"], clock)
    relay.hub = hub
    hooks = HookServer(settings.state / "push.sock", settings.state / "hooks", sources.receive)
    read_by_us = {item.name: item.source() for item in settings.ldap}
    directory = DirectoryService(store, audit, authorizer, clock, relay.refresh, frozenset(read_by_us))
    exporters = ExportService(
        settings.audit_exporters,
        store=store,
        audit=audit,
        authorizer=authorizer,
        secrets=secret_reader(store, vault),
        clock=clock,
    )
    identity.apply_role_rules((rule.group, rule.role, rule.scope) for rule in settings.role_rules)
    return ControlPlane(
        settings=settings,
        store=store,
        audit=audit,
        authorizer=authorizer,
        identity=identity,
        in_flight=in_flight,
        tokens=TokenService(store, audit, Resources(settings.public_url), clock),
        sessions=SessionService(store, audit, clock, relay.refresh),
        saml=SamlService(store, providers, identity, clock),
        access=access,
        directory=directory,
        services=services,
        exchange=TokenExchange.of(
            store,
            audit,
            authorizer,
            _own_names(settings),
            lambda secret, door: identity.authenticate_token(secret, audience=door),
            clock,
        ),
        inventory=InventoryService(
            authorizer=authorizer,
            identity=identity,
            services=services,
            directory=directory,
            catalog=catalog,
            deploys=deploys,
            integrations=integrations,
            vault=vault,
            hub=hub,
            planes={name: plane.kind for name, plane in settings.planes.items()},
            clock=clock,
        ),
        ldap=LdapSync(directory, read_by_us),
        vault=vault,
        catalog=catalog,
        policies=PolicyService(
            store,
            audit,
            authorizer,
            catalog,
            policies,
            DecisionMemory(store, journal, clock),
            access.everyone,
            clock,
            relay.refresh,
        ),
        spread=PolicySpread(store, planes, force, tuple(settings.planes), lambda: tuple(hub.connected)),
        integrations=integrations,
        withdrawals=withdrawals,
        access_reviews=AccessReviewService(
            store=store, audit=audit, authorizer=authorizer, sources=reviewed, clock=clock
        ),
        access_review_keeper=AccessReviewKeeper(
            store=store, audit=audit, authorizer=authorizer, sources=reviewed, clock=clock, on_change=relay.refresh
        ),
        reviews=reviews,
        source=sources,
        hooks=hooks,
        repeats=RepeatService(store, clock),
        releases=releases,
        deploys=deploys,
        stops=stops,
        observe=observe,
        planes=planes,
        hub=hub,
        authority=authority,
        door=DoorCertificate(authority, settings.state / "door", settings.planes_door.host, clock),
        audit_key=keys["audit"],
        exporters=exporters,
        retention=RetentionService(
            RetentionRules(settings.audit_retention.days, settings.audit_retention.classes),
            store=store,
            audit=audit,
            authorizer=authorizer,
            exported_before=exporters.exported_before,
            clock=clock,
        ),
        clock=clock,
    )


def _epochs(store: Store, identity: IdentityService) -> Mapping[str, int]:
    with store.transaction() as session:
        return identity.epochs(session)


def _own_names(settings: ControlSettings) -> frozenset[str]:
    """Return the audiences that a service may name when it signs for us (RFC 7523, section 3)."""
    return frozenset({settings.public_url, f"{settings.public_url}{TOKEN_PATH}"})


class _ChangeRelay:
    """Ties services that tell of changes to the hub and the release domain, which are made after them."""

    def __init__(self) -> None:
        self.hub: PlaneHub | None = None
        self.in_flight: InFlight | None = None
        self.releases: ReleaseService | None = None

    def refresh(self) -> None:
        if self.in_flight is not None:
            self.in_flight.end_revoked()
        if self.hub is not None:
            self.hub.settle()

    def tell(self) -> None:
        """Tell planes in the middle of a transaction, which must not wait for them."""
        if self.hub is not None:
            self.hub.tell()

    def notify(self, change: Change) -> None:
        if self.hub is None:
            return
        match change:
            case AppKilled():
                self.hub.broadcast(KillOrder(app=change.app, modes=change.modes, because=change.because))
            case JobAsked():
                order = RunJobOrder(app=change.app, job=change.job, run=change.run, asked_by=change.asked_by)
                self.hub.broadcast(order)
        self.refresh()

    def accepted(
        self, session: Session, app: App, push: PushRecord, verdict: Envelope, files: Sequence[TreeFile]
    ) -> str:
        assert self.releases is not None  # noqa: S101 - set before any push can come in
        return self.releases.preview(session, app, push, verdict, files)


def _step_up_rules(settings: ControlSettings) -> list[StepUpRule]:
    return [StepUpRule(rule.actions, rule.max_age, rule.second_factor) for rule in settings.step_up]


def _first_administrator(settings: ControlSettings) -> ClaimRule | None:
    rule = settings.first_administrator
    return ClaimRule(rule.claim, rule.value) if rule is not None else None


def _source(
    settings: ControlSettings,
    store: Store,
    audit: AuditLog,
    authorizer: Authorizer,
    in_flight: InFlight,
    catalog: CatalogService,
    reviews: ReviewService,
    vault: Vault,
    integrations: IntegrationService,
    clock: Clock,
    relay: _ChangeRelay,
) -> SourceService:
    def check_reach(session: Session, manifest: Manifest) -> None:
        integrations.resolve(session, manifest, "editor")

    def require_pusher(session: Session, pusher: Identity, resource: str) -> None:
        in_flight.require_current(pusher)
        authorizer.require(session, pusher, "app.push", resource)

    hooks = settings.state / "hooks"
    return SourceService(
        store=store,
        audit=audit,
        catalog=catalog,
        reviews=reviews,
        repositories=Repositories(settings.state / "repositories", hooks, settings.max_push_bytes),
        secrets=vault.masker,
        check_reach=check_reach,
        require_pusher=require_pusher,
        on_accepted=relay.accepted,
        review_url=f"{settings.public_url}/reviews",
        clock=clock,
    )


def _plane_keys(keys: Mapping[str, SigningKey]) -> PlaneKeys:
    return PlaneKeys(
        downlink=keys["downlink"],
        passes=keys["pass"],
        review=keys["review"].public_text,
        approval=keys["approval"].public_text,
        release=keys["release"].public_text,
    )


@contextlib.asynccontextmanager
async def running(control: ControlPlane) -> AsyncIterator[None]:
    """Keep the control plane's own work going: hooks, checkpoints, and certificates of planes."""
    control.hub.attach(asyncio.get_running_loop())
    await control.hooks.start()
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


def _work_of(control: ControlPlane) -> list[Periodic]:
    return [
        Periodic("signing the audit log", _CHECKPOINT_SECONDS, lambda: checkpoint(control)),
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
        Periodic("forgetting old decisions", _FORGET_SECONDS, control.policies.memory.forget),
    ]


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
