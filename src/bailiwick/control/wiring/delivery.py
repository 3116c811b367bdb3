"""The way of a change from a push to production, and back."""

from dataclasses import dataclass

from bailiwick.control.capabilities import CapabilityRegister
from bailiwick.control.release import (
    ArtifactStore,
    DeployService,
    Packer,
    ReleaseService,
    ReleaseSigner,
    ServingService,
    StopService,
)
from bailiwick.control.rereview import RereviewService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.people import People
from bailiwick.control.wiring.reviewing import Reviewing, build_reviewing


@dataclass(frozen=True)
class Delivery:
    """The way of a change from a push to production, and back."""

    reviewing: Reviewing
    stops: StopService
    releases: ReleaseService
    deploys: DeployService
    serving: ServingService
    rereviews: RereviewService


def build_delivery(base: Base, people: People, estate: Estate) -> Delivery:
    """Put together the way from a push to production."""
    reviewing = build_reviewing(base, people, estate)
    sources = reviewing.sources
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
        verdicts=reviewing.reviews,
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
    return Delivery(reviewing, stops, releases, deploys, serving, rereviews)
