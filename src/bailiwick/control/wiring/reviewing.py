"""What reviews go by, who reads besides engines, and what becomes of what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.capabilities import CapabilityRegister
from bailiwick.control.inference import InferenceService, ModelClient
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
from bailiwick.control.source import Repositories, SourceService
from bailiwick.control.standards import StandardRegister
from bailiwick.control.vault import secret_reader
from bailiwick.control.waivers import WaiverBook
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.people import People
from bailiwick.core.manifest import Manifest
from bailiwick.core.principals import Identity


@dataclass(frozen=True)
class Reviewing:
    """What reads a change, and what it is read by."""

    advisories: AdvisoryService
    reviews: ReviewService
    reviewers: ReviewerService
    pool: ReviewPool
    sources: SourceService


def build_reviewing(base: Base, people: People, estate: Estate) -> Reviewing:
    """Put together what takes pushes and has them reviewed; tell the relay who reads later than a push."""
    advisories = AdvisoryService(
        base.settings.packages.policy,
        base.settings.state,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
    )
    reviewers = build_reviewers(base)
    pool = base.settings.review.pool()

    def slower() -> tuple[str, ...]:
        return (*slower_engines(), *reviewers.names)

    base.relay.slower = slower
    reviews = ReviewService(
        base.keys["review"],
        base.clock,
        waivers=WaiverBook(base.clock).in_force,
        basis=basis_of_reviews(base, advisories, slower),
    )
    sources = build_sources(base, people, estate, reviews, pool, advisories)
    return Reviewing(advisories, reviews, reviewers, pool, sources)


def build_sources(
    base: Base,
    people: People,
    estate: Estate,
    reviews: ReviewService,
    pool: ReviewPool,
    advisories: AdvisoryService,
) -> SourceService:
    """Return what takes pushes and has them reviewed, by what there is at that moment."""

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


def basis_of_reviews(base: Base, advisories: AdvisoryService, slower: Callable[[], Sequence[str]]) -> BasisNow:
    """Return what names all that a review goes by now; `slower` are the readers that no push waits for."""
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


def build_reviewers(base: Base) -> ReviewerService:
    """Return the models that review, with the way to them that the settings name."""
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
