"""The one place where the control plane is put together: settings in, object graph out."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog, sign_checkpoint
from bailiwick.control.background import Periodic, keep_doing
from bailiwick.control.catalog import App, CatalogService, data_classes_of
from bailiwick.control.identity import (
    AccessService,
    Authorizer,
    ClaimRule,
    DirectoryService,
    IdentityService,
    OidcClient,
    Providers,
    StepUpRule,
    step_up_policies,
)
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes import PlaneHub, PlaneKeys, PlaneService, PolicySpread
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
from bailiwick.control.review import ReviewService
from bailiwick.control.settings import ControlSettings, OidcProvider
from bailiwick.control.source import HookServer, PushRecord, Repositories, SourceService
from bailiwick.control.vault import CertificateAuthority, Credentials, LocalFileKeyProvider, Vault
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.manifest import Manifest
from bailiwick.core.messages import KillOrder, RunJobOrder
from bailiwick.core.policy import Journal, PoliciesInForce
from bailiwick.core.statements import Envelope, SigningKey
from bailiwick.store import Store

CALLBACK_PATH = "/sign-in/callback"
_PURPOSES = ("review", "approval", "release", "downlink", "pass", "audit")
_CHECKPOINT_SECONDS = 1.0
_FOLLOW_SECONDS = 1.0
_REMEMBER_SECONDS = 10.0
_FORGET_SECONDS = 3600.0
_RENEW_SECONDS = 12 * 3600.0


@dataclass(frozen=True)
class ControlPlane:
    """Everything that faces work with."""

    settings: ControlSettings
    store: Store
    audit: AuditLog
    authorizer: Authorizer
    identity: IdentityService
    access: AccessService
    directory: DirectoryService
    vault: Vault
    catalog: CatalogService
    policies: PolicyService
    spread: PolicySpread
    integrations: IntegrationService
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
    audit_key: SigningKey
    clock: Clock


def build_control(settings: ControlSettings, clock: Clock = utc_now) -> ControlPlane:
    """Connect to the database, bring it up to date, unseal the keys, and put the services together."""
    store = Store.connect(settings.database_url.get_secret_value())
    store.migrate()
    audit = AuditLog(clock)
    policies = PoliciesInForce(step_up_policies(_step_up_rules(settings)), environment="control", clock=clock)
    relay = _ChangeRelay()
    force = PolicyForce(policies, on_swap=relay.refresh)
    journal = Journal()
    authorizer = Authorizer(policies, refresh=force.refresh, data_classes=data_classes_of, on_asked=journal.add)
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = Vault(store, LocalFileKeyProvider(settings.state / "vault.key"), audit, clock)
    with store.transaction() as session:
        keys = {purpose: vault.signing_key(session, purpose) for purpose in _PURPOSES}
        authority = CertificateAuthority.load(session, vault, clock)
    identity = IdentityService(
        store=store,
        audit=audit,
        authorizer=authorizer,
        providers=_providers(settings, clock),
        first_administrator=_first_administrator(settings),
        clock=clock,
        on_change=relay.refresh,
    )
    catalog = CatalogService(store=store, audit=audit, authorizer=authorizer, clock=clock)
    integrations = IntegrationService(
        store=store, audit=audit, authorizer=authorizer, clock=clock, on_change=relay.refresh
    )
    names = {"app": catalog.app_paths, "folder": catalog.folder_paths, "integration": integrations.names}
    access = AccessService(authorizer, names)
    reviews = ReviewService(keys["review"], clock)
    observe = ObserveService(clock)
    sources = _source(settings, store, audit, catalog, reviews, vault, integrations, clock, relay)
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
        policies=force,
        keys=_plane_keys(keys),
        sign_in_url=f"{settings.public_url}/sign-in/app",
        clock=clock,
    )
    hub = PlaneHub(planes.desired_state, keys["downlink"], clock)
    relay.hub = hub
    hooks = HookServer(settings.state / "push.sock", settings.state / "hooks", sources.receive)
    identity.apply_role_rules((rule.group, rule.role, rule.scope) for rule in settings.role_rules)
    return ControlPlane(
        settings=settings,
        store=store,
        audit=audit,
        authorizer=authorizer,
        identity=identity,
        access=access,
        directory=DirectoryService(store, audit, authorizer, clock, relay.refresh),
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
        audit_key=keys["audit"],
        clock=clock,
    )


class _ChangeRelay:
    """Ties services that tell of changes to the hub and the release domain, which are made after them."""

    def __init__(self) -> None:
        self.hub: PlaneHub | None = None
        self.releases: ReleaseService | None = None

    def refresh(self) -> None:
        if self.hub is not None:
            self.hub.refresh()

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


def _providers(settings: ControlSettings, clock: Clock) -> Providers:
    several = len(settings.providers) > 1
    return Providers([_oidc(settings, provider, clock, several=several) for provider in settings.providers])


def _oidc(settings: ControlSettings, provider: OidcProvider, clock: Clock, *, several: bool) -> OidcClient:
    secret = provider.client_secret
    # Each of several has a redirect URI of its own, so that none can answer in another's place (RFC 9700, 4.4.2).
    path = f"{CALLBACK_PATH}/{provider.name}" if several else CALLBACK_PATH
    return OidcClient(
        name=provider.name,
        domains=provider.domains,
        levels=provider.second_factor_levels,
        attributes=provider.attributes,
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        scopes=provider.scopes,
        redirect_uri=f"{settings.public_url}{path}",
        clock=clock,
    )


def _step_up_rules(settings: ControlSettings) -> list[StepUpRule]:
    return [StepUpRule(rule.actions, rule.max_age, rule.second_factor) for rule in settings.step_up]


def _first_administrator(settings: ControlSettings) -> ClaimRule | None:
    rule = settings.first_administrator
    return ClaimRule(rule.claim, rule.value) if rule is not None else None


def _source(
    settings: ControlSettings,
    store: Store,
    audit: AuditLog,
    catalog: CatalogService,
    reviews: ReviewService,
    vault: Vault,
    integrations: IntegrationService,
    clock: Clock,
    relay: _ChangeRelay,
) -> SourceService:
    def check_reach(session: Session, manifest: Manifest) -> None:
        integrations.resolve(session, manifest, "editor")

    hooks = settings.state / "hooks"
    return SourceService(
        store=store,
        audit=audit,
        catalog=catalog,
        reviews=reviews,
        repositories=Repositories(settings.state / "repositories", hooks, settings.max_push_bytes),
        secrets=vault.masker,
        check_reach=check_reach,
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
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        control.hooks.close()


def _work_of(control: ControlPlane) -> list[Periodic]:
    return [
        Periodic("signing the audit log", _CHECKPOINT_SECONDS, lambda: checkpoint(control)),
        Periodic("following the policies in force", _FOLLOW_SECONDS, control.spread.follow),
        Periodic("remembering decisions for replays", _REMEMBER_SECONDS, control.policies.memory.keep),
        Periodic("forgetting old decisions", _FORGET_SECONDS, control.policies.memory.forget),
        Periodic("renewing certificates of planes", _RENEW_SECONDS, lambda: write_plane_credentials(control)),
    ]


def checkpoint(control: ControlPlane) -> None:
    """Sign the audit log as it stands."""
    with control.store.transaction() as session:
        sign_checkpoint(session, control.audit_key, control.clock)


def write_plane_credentials(control: ControlPlane) -> None:
    """Write each plane's certificate, key and authority into the folder that the settings name."""
    for name, plane in control.settings.planes.items():
        issued = control.authority.issue(f"plane/{name}")
        plane.credentials.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_credentials(plane.credentials, issued, control.authority.certificate_pem)


def write_credentials(folder: Path, issued: Credentials, authority: str) -> None:
    """Write a certificate with its key and the authority, each file whole at once and for its owner only."""
    contents = {"key.pem": issued.key, "certificate.pem": issued.certificate, "authority.pem": authority}
    for name, content in contents.items():
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as unfinished:
            os.fchmod(unfinished.fileno(), 0o600)
            unfinished.write(content)
        Path(unfinished.name).replace(folder / name)
