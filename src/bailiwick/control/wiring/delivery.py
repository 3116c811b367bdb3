"""The way of a change from a push to production, and back."""

from dataclasses import dataclass

from bailiwick.control.attestation import AttestationService
from bailiwick.control.capabilities import CapabilityRegister
from bailiwick.control.databases import DatabaseService, RehearsalService
from bailiwick.control.freeze import FactFinder, FreezeRegister, FreezeService
from bailiwick.control.observe import ObserveService
from bailiwick.control.previews import PreviewRegister, PreviewService
from bailiwick.control.release import (
    DeployService,
    EvidenceService,
    ReleaseService,
    ResignService,
    RollbackService,
    ServingService,
    Tester,
)
from bailiwick.control.rereview import RereviewService
from bailiwick.control.signing import KeyService, LiveKey
from bailiwick.control.stops import StopService, Trials
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.deploys import Guards, build_deploys
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.making import Making, build_making
from bailiwick.control.wiring.people import People
from bailiwick.control.wiring.reviewing import Reviewing, build_reviewing
from bailiwick.control.wiring.rollouts import Rollouts, build_rollouts
from bailiwick.control.wiring.stops import build_stops


@dataclass(frozen=True)
class Delivery:
    """The way of a change from a push to production, and back."""

    reviewing: Reviewing
    stops: StopService
    trials: Trials
    freezes: FreezeRegister
    releases: ReleaseService
    previews: PreviewService
    deploys: DeployService
    rollbacks: RollbackService
    rollouts: Rollouts
    serving: ServingService
    rereviews: RereviewService
    databases: DatabaseService
    rehearsals: RehearsalService
    evidence: EvidenceService
    signing: KeyService
    resigning: ResignService
    attestations: AttestationService
    tester: Tester


def build_delivery(base: Base, people: People, estate: Estate) -> Delivery:
    """Put together the way from a push to production."""
    reviewing = build_reviewing(base, people, estate)
    sources = reviewing.sources
    register = CapabilityRegister(base.clock)
    making = build_making(base, reviewing)
    stops, trials = build_stops(base, estate)
    freezes = FreezeRegister(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        finder=FactFinder(estate.catalog, sources),
        clock=base.clock,
    )
    base.relay.releases = releases = ReleaseService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        open_for=register.names,
        sources=sources,
        packer=making.packer,
        notify=base.relay.notify,
    )
    previews = _previews(base, estate, reviewing, releases)
    base.relay.rereviews = rereviews = RereviewService(
        store=base.store, catalog=estate.catalog, releases=releases, clock=base.clock
    )
    rollouts = build_rollouts(base, estate.catalog, reviewing, stops, freezes, rereviews.ask_for_tree)
    rehearsals = RehearsalService(
        store=base.store,
        audit=base.audit,
        key=LiveKey(base.signing, "release"),
        clock=base.clock,
        tell=base.relay.tell,
    )
    databases = DatabaseService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        send=base.relay.send,
        clock=base.clock,
    )
    guards = Guards(stops, freezes, rehearsals, rollouts.outlet)
    deploys = build_deploys(base, estate, reviewing, making, guards, rereviews.ask_for_tree)
    rollbacks = RollbackService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        verdicts=reviewing.reviews,
        freezes=freezes,
        outlet=rollouts.outlet,
        signer=making.signer,
        notify=base.relay.notify,
        ask_again=rereviews.ask_for_tree,
        on_forced=rereviews.ask,
    )
    serving = ServingService(
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        open_for=register.names,
        stops=stops,
        freezes=freezes,
        artifacts=making.artifacts,
    )

    evidence = EvidenceService(base.store, base.audit, estate.catalog, making.artifacts)
    signing = _key_service(base, serving)
    attestations = AttestationService(base.audit, serving, ObserveService(base.clock), base.clock)
    return Delivery(
        reviewing, stops, trials, freezes, releases, previews, deploys, rollbacks, rollouts, serving, rereviews,
        databases, rehearsals, evidence, signing,
        _resigning(base, making), attestations, making.tester,
    )  # fmt: skip


def build_freezes(base: Base, estate: Estate, delivery: Delivery, observe: ObserveService) -> FreezeService:
    """Put together what starts and lifts freezes."""
    return FreezeService(
        delivery.freezes,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        integrations=estate.integrations,
        observe=observe,
        stops=delivery.stops,
        clock=base.clock,
        notify=base.relay.notify,
    )


def _key_service(base: Base, serving: ServingService) -> KeyService:
    return KeyService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        keys=base.signing,
        signed=serving,
        clock=base.clock,
        on_change=base.relay.refresh,
    )


def _resigning(base: Base, making: Making) -> ResignService:
    return ResignService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        keys=base.signing,
        builder=making.builder,
        artifacts=making.artifacts,
        clock=base.clock,
        notify=base.relay.notify,
    )


def _previews(base: Base, estate: Estate, reviewing: Reviewing, releases: ReleaseService) -> PreviewService:
    """Put together what looks after previews of branches; tell the relay, which pushes come to."""
    base.relay.previews = register = PreviewRegister(
        base.audit,
        releases,
        base.clock,
        days=base.settings.previews.days,
        most=base.settings.previews.most,
        url=base.settings.preview_url,
    )
    return PreviewService(
        register,
        store=base.store,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        verdicts=reviewing.reviews,
    )
