"""The one place where the control plane is put together: settings in, object graph out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.access_reviews import (
    AccessReviewKeeper,
    AccessReviewService,
    GrantSource,
    RoleSource,
    ServiceSource,
)
from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditLog, RetentionRules
from bailiwick.control.capabilities import CapabilityKeeper, CapabilityRegister, CapabilityService
from bailiwick.control.catalog import CatalogService, data_classes_of
from bailiwick.control.changes import ChangeRelay
from bailiwick.control.exporters import ExportService
from bailiwick.control.exporters import secret_reader as exporter_secrets
from bailiwick.control.history import HistoryService
from bailiwick.control.identity import (
    AccessService,
    Authorizer,
    ClaimRule,
    DirectoryService,
    IdentityService,
    InFlight,
    LdapSync,
    Providers,
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
from bailiwick.control.inference import InferenceService, ModelClient
from bailiwick.control.integrations import AccountBook, GrantWithdrawals, IntegrationService
from bailiwick.control.inventory import InventoryService
from bailiwick.control.observe import ObserveService
from bailiwick.control.planes import DoorCertificate, PlaneHub, PlaneKeys, PlaneService, PolicySpread
from bailiwick.control.policies import DecisionMemory, PolicyForce, PolicyService
from bailiwick.control.release import (
    ArtifactStore,
    DeployService,
    Packer,
    ReleaseService,
    ReleaseSigner,
    ServingService,
    StateChanged,
    StopService,
)
from bailiwick.control.requests import RepeatService
from bailiwick.control.rereview import RereviewKeeper, RereviewService, SecondReading
from bailiwick.control.retention import RetentionService
from bailiwick.control.review import (
    AdvisoryService,
    Basis,
    BasisNow,
    Opened,
    ReviewPool,
    ReviewService,
    Surroundings,
    rules_digest,
    slower_engines,
)
from bailiwick.control.reviewers import ReviewerService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.sign_in import build_providers
from bailiwick.control.source import HookServer, Repositories, SourceService, UploadService
from bailiwick.control.standards import StandardRegister, StandardService, StandardTrial
from bailiwick.control.vault import CertificateAuthority, LocalFileKeyProvider, Vault, secret_reader
from bailiwick.control.waivers import FindingBook, WaiverBook, WaiverKeeper, WaiverService
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.manifest import Manifest
from bailiwick.core.policy import Journal, PoliciesInForce
from bailiwick.core.principals import Identity
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
_PURPOSES = ("review", "approval", "release", "downlink", "pass", "audit")


def build_control(settings: ControlSettings, clock: Clock = utc_now) -> ControlPlane:
    """Connect to the database, bring it up to date, unseal the keys, and put the services together."""
    base = _base(settings, clock)
    people = _people(base)
    estate = _estate(base, people)
    delivery = _delivery(base, people, estate)
    planes = _planes(base, people, estate, delivery)
    exporters = _exporters(base)
    people.identity.roles.apply_rules((rule.group, rule.role, rule.scope) for rule in settings.role_rules)
    return ControlPlane(
        settings=settings,
        clock=clock,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        authority=base.authority,
        audit_key=base.keys["audit"],
        identity=people.identity,
        in_flight=people.in_flight,
        tokens=TokenService(base.store, base.audit, Resources(settings.public_url), clock),
        sessions=SessionService(base.store, base.audit, clock, base.relay.refresh),
        saml=SamlService(base.store, people.providers, people.identity, clock),
        directory=people.directory,
        ldap=people.ldap,
        services=people.services,
        exchange=_exchange(base, people.identity),
        access=estate.access,
        catalog=estate.catalog,
        integrations=estate.integrations,
        withdrawals=estate.withdrawals,
        access_reviews=AccessReviewService(
            store=base.store, audit=base.audit, authorizer=base.authorizer, sources=estate.reviewed, clock=clock
        ),
        access_review_keeper=AccessReviewKeeper(
            store=base.store,
            audit=base.audit,
            authorizer=base.authorizer,
            sources=estate.reviewed,
            clock=clock,
            on_change=base.relay.refresh,
        ),
        policies=_policies(base, estate),
        history=HistoryService(
            catalog=estate.catalog,
            sources=delivery.sources,
            reviews=delivery.reviews,
            deploys=delivery.deploys,
            releases=delivery.releases,
        ),
        advisories=delivery.advisories,
        reviews=delivery.reviews,
        reviewers=delivery.reviewers,
        review_pool=delivery.review_pool,
        rereviews=delivery.rereviews,
        rereview_keeper=_rereview_keeper(base, estate, delivery),
        waivers=_waivers(base, estate, delivery),
        capabilities=_capabilities(base, estate, delivery),
        standards=StandardService(base.store, base.audit, base.authorizer, estate.catalog, base.clock),
        standard_trial=StandardTrial(
            base.store,
            base.authorizer,
            estate.catalog,
            delivery.sources.accepted_pushes,
            delivery.sources.hold_to,
            base.clock,
        ),
        capability_keeper=CapabilityKeeper(
            store=base.store, audit=base.audit, on_change=_tell_of_capability(base, delivery), clock=base.clock
        ),
        findings=FindingBook(base.authorizer),
        waiver_keeper=WaiverKeeper(
            store=base.store, audit=base.audit, on_change=delivery.rereviews.ask, clock=base.clock
        ),
        source=delivery.sources,
        uploads=UploadService(
            base.store, base.authorizer, estate.catalog, delivery.sources, base.vault.masker, base.clock
        ),
        hooks=HookServer(settings.state / "push.sock", settings.state / "hooks", delivery.sources.receive),
        releases=delivery.releases,
        deploys=delivery.deploys,
        stops=delivery.stops,
        observe=planes.observe,
        planes=planes.service,
        hub=planes.hub,
        spread=planes.spread,
        door=DoorCertificate(base.authority, settings.state / "door", settings.planes_door.host, clock),
        inventory=_inventory(base, people, estate, delivery, planes),
        exporters=exporters,
        retention=_retention(base, exporters),
        repeats=RepeatService(base.store, clock),
    )


@dataclass(frozen=True)
class _Base:
    """What every service is made with."""

    settings: ControlSettings
    clock: Clock
    store: Store
    audit: AuditLog
    vault: Vault
    keys: Mapping[str, SigningKey]
    authority: CertificateAuthority
    saml_keys: SamlKeys | None
    relay: ChangeRelay
    policies: PoliciesInForce
    force: PolicyForce
    journal: Journal
    authorizer: Authorizer


def _base(settings: ControlSettings, clock: Clock) -> _Base:
    store = Store.connect(settings.database_url.get_secret_value())
    store.migrate()
    audit = AuditLog(clock)
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = Vault(store, LocalFileKeyProvider(settings.state / "vault.key"), audit, clock)
    with store.transaction() as session:
        keys = {purpose: vault.signing_key(session, purpose) for purpose in _PURPOSES}
        authority = CertificateAuthority.load(session, vault, clock)
        saml_keys = SamlKeys.load(session, vault, clock) if settings.saml else None
    relay, journal = ChangeRelay(), Journal()
    rules = [StepUpRule(rule.actions, rule.max_age, rule.second_factor) for rule in settings.step_up]
    policies = PoliciesInForce(step_up_policies(rules), environment="control", clock=clock)
    force = PolicyForce(policies, on_swap=relay.tell)
    authorizer = Authorizer(policies, refresh=force.refresh, data_classes=data_classes_of, on_asked=journal.add)
    return _Base(
        settings=settings,
        clock=clock,
        store=store,
        audit=audit,
        vault=vault,
        keys=keys,
        authority=authority,
        saml_keys=saml_keys,
        relay=relay,
        policies=policies,
        force=force,
        journal=journal,
        authorizer=authorizer,
    )


@dataclass(frozen=True)
class _People:
    """Who there is: people, directories that describe them, and machines."""

    providers: Providers
    identity: IdentityService
    in_flight: InFlight
    services: ServiceIdentities
    directory: DirectoryService
    ldap: LdapSync


def _people(base: _Base) -> _People:
    settings, rule = base.settings, base.settings.first_administrator
    providers = build_providers(settings, base.saml_keys, base.clock)
    identity = IdentityService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        providers=providers,
        first_administrator=ClaimRule(rule.claim, rule.value) if rule is not None else None,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    base.relay.in_flight = in_flight = InFlight(lambda: _epochs(base.store, identity))
    read_by_us = {item.name: item.source() for item in settings.ldap}
    directory = DirectoryService(
        base.store, base.audit, base.authorizer, base.clock, base.relay.refresh, frozenset(read_by_us)
    )
    services = ServiceIdentities(base.store, base.audit, base.authorizer, base.clock, base.relay.refresh)
    return _People(providers, identity, in_flight, services, directory, LdapSync(directory, read_by_us))


def _epochs(store: Store, identity: IdentityService) -> Mapping[str, int]:
    with store.transaction() as session:
        return identity.epochs(session)


def _exchange(base: _Base, identity: IdentityService) -> TokenExchange:
    public_url = base.settings.public_url
    # The audiences that a service may name when it signs for us (RFC 7523, section 3).
    own_names = frozenset({public_url, f"{public_url}{TOKEN_PATH}"})
    return TokenExchange.of(
        base.store,
        base.audit,
        base.authorizer,
        own_names,
        lambda secret, door: identity.authenticate_token(secret, audience=door),
        base.clock,
    )


@dataclass(frozen=True)
class _Estate:
    """What there is: apps and folders, business systems, and who may do what with them."""

    catalog: CatalogService
    integrations: IntegrationService
    withdrawals: GrantWithdrawals
    accounts: AccountBook
    access: AccessService
    reviewed: tuple[RoleSource, GrantSource, ServiceSource]


def _estate(base: _Base, people: _People) -> _Estate:
    catalog = CatalogService(store=base.store, audit=base.audit, authorizer=base.authorizer, clock=base.clock)
    integrations = IntegrationService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
        on_change=base.relay.refresh,
    )
    withdrawals = GrantWithdrawals(
        store=base.store, audit=base.audit, authorizer=base.authorizer, on_change=base.relay.refresh
    )
    names = {"app": catalog.app_paths, "folder": catalog.folder_paths, "integration": integrations.names}
    return _Estate(
        catalog=catalog,
        integrations=integrations,
        withdrawals=withdrawals,
        accounts=AccountBook(base.audit),
        access=AccessService(base.authorizer, names, base.clock),
        reviewed=(RoleSource(people.identity), GrantSource(catalog, withdrawals), ServiceSource(people.services)),
    )


def _policies(base: _Base, estate: _Estate) -> PolicyService:
    return PolicyService(
        base.store,
        base.audit,
        base.authorizer,
        estate.catalog,
        base.policies,
        DecisionMemory(base.store, base.journal, base.clock),
        estate.access.everyone,
        base.clock,
        base.relay.refresh,
    )


@dataclass(frozen=True)
class _Delivery:
    """The way of a change from a push to production, and back."""

    advisories: AdvisoryService
    reviews: ReviewService
    reviewers: ReviewerService
    review_pool: ReviewPool
    sources: SourceService
    stops: StopService
    releases: ReleaseService
    deploys: DeployService
    serving: ServingService
    rereviews: RereviewService


def _delivery(base: _Base, people: _People, estate: _Estate) -> _Delivery:
    advisories = AdvisoryService(
        base.settings.packages.policy,
        base.settings.state,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
    )
    reviewers = _reviewers(base)
    pool = base.settings.review.pool()

    def slower() -> tuple[str, ...]:
        return (*slower_engines(), *reviewers.names)

    base.relay.slower = slower
    reviews = ReviewService(
        base.keys["review"],
        base.clock,
        waivers=WaiverBook(base.clock).in_force,
        basis=_review_basis(base, advisories, slower),
    )
    sources = _sources(base, people, estate, reviews, pool, advisories)
    register = CapabilityRegister(base.clock)
    artifacts = ArtifactStore(base.settings.state / "artifacts")
    signer = ReleaseSigner(
        approval_key=base.keys["approval"],
        release_key=base.keys["release"],
        review_public=base.keys["review"].public_text,
    )
    packer = Packer(signer=signer, artifacts=artifacts, clock=base.clock)
    stops = StopService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        clock=base.clock,
        notify=base.relay.notify,
    )
    base.relay.releases = releases = ReleaseService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        open_for=register.names,
        sources=sources,
        packer=packer,
        notify=base.relay.notify,
    )
    base.relay.rereviews = rereviews = RereviewService(
        store=base.store, authorizer=base.authorizer, catalog=estate.catalog, releases=releases, clock=base.clock
    )
    deploys = DeployService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        open_for=register.names,
        sources=sources,
        verdicts=reviews,
        signer=signer,
        packer=packer,
        stops=stops,
        clock=base.clock,
        notify=base.relay.notify,
        ask_again=rereviews.ask_for_tree,
    )
    serving = ServingService(
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        open_for=register.names,
        stops=stops,
        artifacts=artifacts,
    )
    return _Delivery(advisories, reviews, reviewers, pool, sources, stops, releases, deploys, serving, rereviews)


def _review_basis(base: _Base, advisories: AdvisoryService, slower: Callable[[], Sequence[str]]) -> BasisNow:
    standards = StandardRegister(base.clock)

    def basis(session: Session) -> Basis:
        base.force.refresh(session)
        return Basis(
            rules_digest(),
            policy=f"{base.policies.generation}",
            advisories=advisories.name_of_advisories(),
            standards=advisories.name_of_policy() + standards.name_of_standards(session),
            slower=", ".join(slower()),
        )

    return basis


def _waivers(base: _Base, estate: _Estate, delivery: _Delivery) -> WaiverService:
    return WaiverService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        reviews=delivery.reviews,
        writers=delivery.sources.everyone_who_pushed,
        on_change=delivery.rereviews.ask,
        clock=base.clock,
    )


def _capabilities(base: _Base, estate: _Estate, delivery: _Delivery) -> CapabilityService:
    return CapabilityService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        writers=delivery.sources.everyone_who_pushed,
        on_change=_tell_of_capability(base, delivery),
        clock=base.clock,
    )


def _tell_of_capability(base: _Base, delivery: _Delivery) -> Callable[[Session, str, str], None]:
    """Return what is done when an app may do something else: what it runs is reviewed again, and planes are told."""

    def tell(session: Session, app_path: str, because: str) -> None:
        delivery.rereviews.ask(session, app_path, because)
        base.store.after_commit(session, lambda: base.relay.notify(StateChanged()))

    return tell


def _rereview_keeper(base: _Base, estate: _Estate, delivery: _Delivery) -> RereviewKeeper:
    return RereviewKeeper(
        store=base.store,
        audit=base.audit,
        catalog=estate.catalog,
        reviews=delivery.reviews,
        sources=delivery.sources,
        releases=delivery.releases,
        asked=delivery.rereviews,
        second=SecondReading(
            store=base.store, sources=delivery.sources, releases=delivery.releases, reviewers=delivery.reviewers
        ),
        clock=base.clock,
    )


def _reviewers(base: _Base) -> ReviewerService:
    inference = InferenceService(
        base.settings.inference.routes,
        store=base.store,
        audit=base.audit,
        client=ModelClient(),
        secrets=secret_reader(base.store, base.vault),
        masker=base.vault.masker,
        clock=base.clock,
    )
    return ReviewerService(
        base.settings.inference.reviewers.options, inference=inference, store=base.store, clock=base.clock
    )


def _sources(
    base: _Base,
    people: _People,
    estate: _Estate,
    reviews: ReviewService,
    pool: ReviewPool,
    advisories: AdvisoryService,
) -> SourceService:
    def check_reach(session: Session, manifest: Manifest) -> None:
        estate.integrations.resolve(session, manifest, "editor")

    def require_pusher(session: Session, pusher: Identity, resource: str) -> None:
        people.in_flight.require_current(pusher)
        base.authorizer.require(session, pusher, "app.push", resource)

    register = CapabilityRegister(base.clock)
    standards = StandardRegister(base.clock)

    def surroundings(app_path: str) -> Surroundings:
        with base.store.transaction() as session:
            opened = register.in_force(session, app_path)
            held_to = standards.in_force(session, app_path)
        found = tuple(Opened(item.capability, item.until.date()) for item in opened)
        return replace(advisories.surroundings(app_path), opened=found, standards=held_to)

    state = base.settings.state
    return SourceService(
        store=base.store,
        audit=base.audit,
        catalog=estate.catalog,
        reviews=reviews,
        pool=pool,
        repositories=Repositories(state / "repositories", state / "hooks", base.settings.max_push_bytes),
        secrets=base.vault.masker,
        surroundings=surroundings,
        check_reach=check_reach,
        require_pusher=require_pusher,
        on_accepted=base.relay.accepted,
        review_url=f"{base.settings.public_url}/reviews",
        clock=base.clock,
    )


@dataclass(frozen=True)
class _Planes:
    """What data planes pull and push."""

    observe: ObserveService
    service: PlaneService
    hub: PlaneHub
    spread: PolicySpread


def _planes(base: _Base, people: _People, estate: _Estate, delivery: _Delivery) -> _Planes:
    observe = ObserveService(base.clock)
    keys = base.keys
    service = PlaneService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        observe=observe,
        releases=delivery.serving,
        stops=delivery.stops,
        codes=people.identity,
        secrets=base.vault,
        authority=base.authority,
        policies=base.force,
        accounts=estate.accounts,
        keys=PlaneKeys(
            downlink=keys["downlink"],
            passes=keys["pass"],
            review=keys["review"].public_text,
            approval=keys["approval"].public_text,
            release=keys["release"].public_text,
        ),
        sign_in_url=f"{base.settings.public_url}/sign-in/app",
        clock=base.clock,
    )
    base.relay.hub = hub = PlaneHub(service.desired_state, keys["downlink"], base.clock)
    spread = PolicySpread(base.store, service, base.force, tuple(base.settings.planes), lambda: tuple(hub.connected))
    return _Planes(observe, service, hub, spread)


def _inventory(base: _Base, people: _People, estate: _Estate, delivery: _Delivery, planes: _Planes) -> InventoryService:
    return InventoryService(
        authorizer=base.authorizer,
        identity=people.identity,
        services=people.services,
        directory=people.directory,
        catalog=estate.catalog,
        deploys=delivery.deploys,
        integrations=estate.integrations,
        accounts=estate.accounts,
        vault=base.vault,
        hub=planes.hub,
        planes={name: plane.kind for name, plane in base.settings.planes.items()},
        clock=base.clock,
    )


def _exporters(base: _Base) -> ExportService:
    return ExportService(
        base.settings.audit_exporters,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        secrets=exporter_secrets(base.store, base.vault),
        clock=base.clock,
    )


def _retention(base: _Base, exporters: ExportService) -> RetentionService:
    kept = base.settings.audit_retention
    return RetentionService(
        RetentionRules(kept.days, kept.classes),
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        exported_before=exporters.exported_before,
        clock=base.clock,
    )
