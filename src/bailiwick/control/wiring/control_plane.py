"""The object graph of the control plane: settings in, everything out."""

from bailiwick.control.access_reviews import (
    AccessReviewKeeper,
    AccessReviewService,
)
from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import RetentionRules
from bailiwick.control.capabilities import CapabilityKeeper
from bailiwick.control.exporters import ExportService
from bailiwick.control.exporters import secret_reader as exporter_secrets
from bailiwick.control.history import HistoryService
from bailiwick.control.identity import (
    Resources,
    SamlService,
    SessionService,
    TokenService,
)
from bailiwick.control.inventory import InventoryService
from bailiwick.control.planes import DoorCertificate
from bailiwick.control.policies import DecisionMemory, PolicyService
from bailiwick.control.requests import RepeatService
from bailiwick.control.retention import RetentionService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.source import HookServer, UploadService
from bailiwick.control.standards import StandardService, StandardTrial
from bailiwick.control.waivers import FindingBook, WaiverKeeper
from bailiwick.control.wiring.base import Base, build_base
from bailiwick.control.wiring.delivery import Delivery, build_delivery
from bailiwick.control.wiring.estate import Estate, build_estate
from bailiwick.control.wiring.exceptions import (
    build_capabilities,
    build_rereview_keeper,
    build_waivers,
    tell_of_capability,
)
from bailiwick.control.wiring.people import People, build_exchange, build_people
from bailiwick.control.wiring.planes import Planes, build_planes
from bailiwick.core.clock import Clock, utc_now


def build_control(settings: ControlSettings, clock: Clock = utc_now) -> ControlPlane:
    """Connect to the database, bring it up to date, unseal the keys, and put the services together."""
    base = build_base(settings, clock)
    people = build_people(base)
    estate = build_estate(base, people)
    delivery = build_delivery(base, people, estate)
    planes = build_planes(base, people, estate, delivery)
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
        exchange=build_exchange(base, people.identity),
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
            sources=delivery.reviewing.sources,
            reviews=delivery.reviewing.reviews,
            deploys=delivery.deploys,
            releases=delivery.releases,
        ),
        advisories=delivery.reviewing.advisories,
        reviews=delivery.reviewing.reviews,
        reviewers=delivery.reviewing.reviewers,
        review_pool=delivery.reviewing.pool,
        rereviews=delivery.rereviews,
        rereview_keeper=build_rereview_keeper(base, estate, delivery),
        waivers=build_waivers(base, estate, delivery),
        capabilities=build_capabilities(base, estate, delivery),
        standards=StandardService(base.store, base.audit, base.authorizer, estate.catalog, base.clock),
        standard_trial=StandardTrial(
            base.store,
            base.authorizer,
            estate.catalog,
            delivery.reviewing.sources.accepted_pushes,
            delivery.reviewing.sources.hold_to,
            base.clock,
        ),
        capability_keeper=CapabilityKeeper(
            store=base.store, audit=base.audit, on_change=tell_of_capability(base, delivery), clock=base.clock
        ),
        findings=FindingBook(base.authorizer),
        waiver_keeper=WaiverKeeper(
            store=base.store, audit=base.audit, on_change=delivery.rereviews.ask, clock=base.clock
        ),
        source=delivery.reviewing.sources,
        uploads=UploadService(
            base.store, base.authorizer, estate.catalog, delivery.reviewing.sources, base.vault.masker, base.clock
        ),
        hooks=HookServer(settings.state / "push.sock", settings.state / "hooks", delivery.reviewing.sources.receive),
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


def _policies(base: Base, estate: Estate) -> PolicyService:
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


def _inventory(base: Base, people: People, estate: Estate, delivery: Delivery, planes: Planes) -> InventoryService:
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


def _exporters(base: Base) -> ExportService:
    return ExportService(
        base.settings.audit_exporters,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        secrets=exporter_secrets(base.store, base.vault),
        clock=base.clock,
    )


def _retention(base: Base, exporters: ExportService) -> RetentionService:
    kept = base.settings.audit_retention
    return RetentionService(
        RetentionRules(kept.days, kept.classes),
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        exported_before=exporters.exported_before,
        clock=base.clock,
    )
