"""The object graph of the control plane: settings in, everything out."""

from bailiwick.control.access_reviews import (
    AccessReviewKeeper,
    AccessReviewService,
)
from bailiwick.control.alerts import AlertKeeper, AlertService
from bailiwick.control.anomalies import AnomalyKeeper, AnomalyService
from bailiwick.control.app import ControlPlane
from bailiwick.control.asking import AppLogService, PlaneAsking, RowSampling
from bailiwick.control.audit import RetentionRules
from bailiwick.control.call_rates import CallRates
from bailiwick.control.controls import ControlService
from bailiwick.control.declared import DeclaredSettings
from bailiwick.control.encryption_keys import EncryptionKeyService
from bailiwick.control.exporters import ExportService
from bailiwick.control.exporters import secret_reader as exporter_secrets
from bailiwick.control.history import HistoryService
from bailiwick.control.identity import (
    Resources,
    SamlService,
    SessionService,
    TokenService,
)
from bailiwick.control.inference import PromptLogService, RedactionTrial
from bailiwick.control.integrations import LimitTrial
from bailiwick.control.inventory import InventoryService
from bailiwick.control.listings import ListingService
from bailiwick.control.planes import DoorCertificate
from bailiwick.control.policies import DecisionMemory, PolicyService
from bailiwick.control.previews import PreviewKeeper
from bailiwick.control.queries import QueryLookup
from bailiwick.control.requests import RepeatService
from bailiwick.control.retention import RetentionService
from bailiwick.control.reveals import RevealService
from bailiwick.control.settings import ControlSettings
from bailiwick.control.signing import PlatformStatements
from bailiwick.control.source import HookServer, UploadService
from bailiwick.control.standards import StandardService, StandardTrial
from bailiwick.control.studio import SILENT, StudioKeeper, StudioService
from bailiwick.control.telemetry import TelemetryService
from bailiwick.control.waivers import FindingBook
from bailiwick.control.wiring.base import Base, build_base
from bailiwick.control.wiring.consents import build_consents
from bailiwick.control.wiring.delivery import Delivery, build_delivery, build_freezes
from bailiwick.control.wiring.deploys import (
    build_domains,
    build_guardrails,
    build_pauses,
    build_rules,
    build_windows,
)
from bailiwick.control.wiring.estate import Estate, build_estate
from bailiwick.control.wiring.exceptions import (
    build_capabilities,
    build_capability_keeper,
    build_rereview_keeper,
    build_waiver_keeper,
    build_waivers,
)
from bailiwick.control.wiring.grants import build_drafting
from bailiwick.control.wiring.notices import build_delegations, build_notices
from bailiwick.control.wiring.people import People, build_exchange, build_people
from bailiwick.control.wiring.planes import Planes, build_planes
from bailiwick.core.clock import Clock, utc_now
from bailiwick.core.telemetry import own_register


def build_control(settings: ControlSettings, clock: Clock = utc_now) -> ControlPlane:
    """Connect to the database, bring it up to date, unseal the keys, and put the services together."""
    base = build_base(settings, clock)
    people = build_people(base)
    estate = build_estate(base, people)
    delivery = build_delivery(base, people, estate)
    drafting = build_drafting(base, people, estate, delivery)
    consents = build_consents(base, estate, delivery)
    telemetry = TelemetryService(
        base.store, base.audit, base.authorizer, own_register(), clock, on_change=base.relay.refresh
    )
    telemetry.begin()
    planes = build_planes(base, people, estate, delivery, drafting, consents, telemetry.of_planes)
    asking = PlaneAsking(planes.hub.ask, base.keys["pass"], clock)
    exporters = _exporters(base, telemetry)
    notices = build_notices(base, estate, delivery, telemetry)
    delegations, delegation_keeper = build_delegations(base, estate)
    exchange = build_exchange(base, people.identity)
    studio = StudioService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        sources=delivery.reviewing.sources,
        agents=exchange,
        models=planes.service.models,
        masker=base.vault.masker,
        clock=clock,
    )
    inventory = _inventory(base, people, estate, delivery, planes)
    people.identity.roles.apply_rules((rule.group, rule.role, rule.scope) for rule in settings.role_rules)
    return ControlPlane(
        settings=settings,
        clock=clock,
        declared=_declared(base),
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        encryption_keys=_encryption_keys(base),
        authority=base.authority,
        audit_key=base.keys["audit"],
        identity=people.identity,
        in_flight=people.in_flight,
        tokens=TokenService(base.store, base.audit, base.authorizer, Resources(settings.public_url), clock),
        sessions=SessionService(base.store, base.audit, base.authorizer, clock, base.relay.refresh),
        saml=SamlService(base.store, people.providers, people.identity, clock),
        directory=people.directory,
        ldap=people.ldap,
        services=people.services,
        exchange=exchange,
        access=estate.access,
        catalog=estate.catalog,
        integrations=estate.integrations,
        reveals=RevealService(base.store, base.audit, base.authorizer, base.vault, clock),
        rotations=estate.rotations,
        rotation_keeper=estate.rotation_keeper,
        client_authority=estate.client_authority,
        certificate_requests=estate.certificate_requests,
        secret_stores=estate.secret_stores,
        lease_keeper=estate.lease_keeper,
        limit_trial=LimitTrial(estate.integrations, base.authorizer, clock),
        withdrawals=estate.withdrawals,
        data_classes=estate.data_classes,
        catalogues=drafting.catalogues,
        grant_drafts=drafting.drafts,
        grant_previews=drafting.previews,
        grant_usage=drafting.usage,
        known_identities=drafting.identities,
        consents=consents.service,
        consent_keeper=consents.keeper,
        connectors=estate.connectors,
        alerts=AlertService(
            store=base.store, audit=base.audit, authorizer=base.authorizer, telling=notices.alerts, clock=clock
        ),
        alert_keeper=AlertKeeper(store=base.store, audit=base.audit, telling=notices.alerts, clock=clock),
        anomalies=AnomalyService(
            store=base.store, audit=base.audit, authorizer=base.authorizer, catalog=estate.catalog, clock=clock
        ),
        anomaly_keeper=AnomalyKeeper(store=base.store, audit=base.audit, clock=clock),
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
            work=studio,
        ),
        studio=studio,
        advisories=delivery.reviewing.advisories,
        index=delivery.reviewing.index,
        reviews=delivery.reviewing.reviews,
        reviewers=delivery.reviewing.reviewers,
        review_pool=delivery.reviewing.pool,
        rereviews=delivery.rereviews,
        rereview_keeper=build_rereview_keeper(base, estate, delivery),
        waivers=build_waivers(base, estate, delivery),
        capabilities=build_capabilities(base, estate, delivery),
        sql_functions=estate.sql_functions,
        outflows=estate.outflows,
        prompt_logs=PromptLogService(
            base.store, base.audit, base.authorizer, estate.catalog.owners, base.keys["pass"], clock
        ),
        app_logs=AppLogService(base.store, base.audit, base.authorizer, estate.catalog.readable_app, asking, clock),
        row_sampling=RowSampling(base.store, base.audit, base.authorizer, estate.catalog.readable_app, asking),
        budget_notices=planes.budget_notices,
        redaction_trial=RedactionTrial(base.store, base.audit, base.authorizer, settings.redaction.rules),
        standards=StandardService(base.store, base.audit, base.authorizer, estate.catalog, base.clock),
        standard_trial=StandardTrial(
            base.store,
            base.authorizer,
            estate.catalog,
            delivery.reviewing.sources.accepted_pushes,
            delivery.reviewing.sources.hold_to,
            base.clock,
        ),
        capability_keeper=build_capability_keeper(base, delivery),
        findings=FindingBook(estate.catalog),
        waiver_keeper=build_waiver_keeper(base, delivery),
        source=delivery.reviewing.sources,
        uploads=UploadService(
            base.store, base.authorizer, estate.catalog, delivery.reviewing.sources, base.vault.masker, base.clock
        ),
        hooks=HookServer(settings.state / "push.sock", settings.state / "hooks", delivery.reviewing.sources.receive),
        releases=delivery.releases,
        previews=delivery.previews,
        preview_keeper=PreviewKeeper(delivery.previews.register, base.store, base.clock),
        call_rates=CallRates(base.store),
        studio_keeper=StudioKeeper(base.store, base.audit, settings.studio.days, SILENT, clock),
        deploys=delivery.deploys,
        approval_rules=build_rules(base, estate),
        change_windows=build_windows(base, estate),
        guardrails=build_guardrails(base, estate),
        domains=build_domains(base, estate),
        pauses=build_pauses(base, estate, delivery.releases),
        rollbacks=delivery.rollbacks,
        rollouts=delivery.rollouts.service,
        rollout_plans=delivery.rollouts.plans,
        rollout_keeper=delivery.rollouts.keeper,
        databases=delivery.databases,
        rehearsals=delivery.rehearsals,
        stops=delivery.stops,
        trials=delivery.trials,
        freezes=build_freezes(base, estate, delivery, planes.observe),
        observe=planes.observe,
        traces=planes.traces,
        planes=planes.service,
        hub=planes.hub,
        spread=planes.spread,
        networks=planes.networks,
        assurance=planes.assurance,
        controls=_controls(base, estate, delivery, planes),
        door=DoorCertificate(base.authority, settings.state / "door", settings.planes_door.host, clock),
        inventory=inventory,
        listings=ListingService(
            base.authorizer, estate.catalog, estate.integrations, planes.service.models, inventory, estate.access, clock
        ),
        queries=QueryLookup(base.store, base.authorizer, base.audit, base.vault.mask_key),
        evidence=delivery.evidence,
        signing=delivery.signing,
        resigning=delivery.resigning,
        statements=PlatformStatements(base.store, base.signing),
        attestations=delivery.attestations,
        tester=delivery.tester,
        telemetry=telemetry,
        exporters=exporters,
        notices=notices.service,
        notice_keeper=notices.keeper,
        links=notices.links,
        delegations=delegations,
        delegation_keeper=delegation_keeper,
        retention=_retention(base, exporters),
        repeats=RepeatService(base.store, clock),
    )


def _declared(base: Base) -> DeclaredSettings:
    return DeclaredSettings(
        base.settings,
        base.settings.file,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        key=base.keys["settings"],
        clock=base.clock,
    )


def _encryption_keys(base: Base) -> EncryptionKeyService:
    return EncryptionKeyService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        vault=base.vault,
        ring=base.ring,
        own_key=base.settings.vault_keys.own_key,
        clock=base.clock,
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
        rotations=estate.rotations,
        hub=planes.hub,
        planes={name: plane.kind for name, plane in base.settings.planes.items()},
        clock=base.clock,
    )


def _exporters(base: Base, telemetry: TelemetryService) -> ExportService:
    return ExportService(
        base.settings.audit_exporters,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        secrets=exporter_secrets(base.store, base.vault),
        gate=telemetry.gate,
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


def _controls(base: Base, estate: Estate, delivery: Delivery, planes: Planes) -> ControlService:
    kept = base.settings.audit_retention
    return ControlService(
        base.authorizer,
        base.audit,
        planes.assurance,
        planes.networks,
        estate.integrations,
        delivery.reviewing.advisories,
        RetentionRules(kept.days, kept.classes),
        tuple(base.settings.planes),
        base.keys["audit"].public_text,
        base.clock,
    )
