"""What reviews go by, who reads besides engines, and what becomes of what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bailiwick.control.capabilities import CapabilityRegister
from bailiwick.control.catalog import App
from bailiwick.control.inference import REVIEWERS, Gateway, InferenceService, ModelClient
from bailiwick.control.planes import own_pass
from bailiwick.control.review import (
    AdvisoryService,
    Basis,
    BasisNow,
    FactFile,
    IndexService,
    Opened,
    ReviewPool,
    ReviewService,
    Surroundings,
    rules_digest,
    slower_engines,
)
from bailiwick.control.reviewers import ReviewerService
from bailiwick.control.signing import LiveKey
from bailiwick.control.source import Repositories, SourceService
from bailiwick.control.standards import StandardRegister
from bailiwick.control.waivers import WaiverBook
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.estate import Estate
from bailiwick.control.wiring.people import People
from bailiwick.core.manifest import Manifest
from bailiwick.core.principals import Identity
from bailiwick.runtimes import host_runtimes


@dataclass(frozen=True)
class Reviewing:
    """What reads a change, and what it is read by."""

    advisories: AdvisoryService
    index: IndexService
    reviews: ReviewService
    reviewers: ReviewerService
    pool: ReviewPool
    sources: SourceService


def build_reviewing(base: Base, people: People, estate: Estate) -> Reviewing:
    """Put together what takes pushes and has them reviewed; tell the relay who reads later than a push."""
    index = IndexService(base.settings.packages.policy, _fact_file(base, "index"), base.clock)
    file = _fact_file(base, "advisories")
    advisories = AdvisoryService(base.settings.packages.policy, index, file, host_runtimes(), base.clock)
    reviewers = build_reviewers(base)
    pool = base.settings.review.pool()

    def slower() -> tuple[str, ...]:
        return (*slower_engines(), *reviewers.names)

    base.relay.slower = slower
    reviews = ReviewService(
        LiveKey(base.signing, "review"),
        base.clock,
        waivers=WaiverBook(base.clock).in_force,
        basis=basis_of_reviews(base, estate, advisories, slower),
    )
    sources = build_sources(base, people, estate, reviews, pool, advisories)
    return Reviewing(advisories, index, reviews, reviewers, pool, sources)


def _fact_file(base: Base, noun: str) -> FactFile:
    # A folder of its own: reviews read what is in it in their sandbox, and of the state nothing else.
    folder = base.settings.state / "advisories"
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    return FactFile(
        folder / f"{noun}.sqlite",
        noun,
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        clock=base.clock,
    )


def build_sources(
    base: Base,
    people: People,
    estate: Estate,
    reviews: ReviewService,
    pool: ReviewPool,
    advisories: AdvisoryService,
) -> SourceService:
    """Return what takes pushes and has them reviewed, by what there is at that moment."""

    def check_reach(session: Session, app: App, manifest: Manifest) -> None:
        estate.integrations.resolve(session, manifest, app.folder, "editor")
        estate.models.require_known(use.use for use in manifest.models.values())

    def require_pusher(session: Session, pusher: Identity, resource: str) -> None:
        people.in_flight.require_current(pusher)
        base.authorizer.require(session, pusher, "app.push", resource)

    register = CapabilityRegister(base.clock)
    standards = StandardRegister(base.clock)

    def surroundings(app_path: str) -> Surroundings:
        with base.store.transaction() as session:
            opened = register.in_force(session, app_path)
            held_to = standards.in_force(session, app_path)
            classes = estate.data_classes.accesses(session)
        found = tuple(Opened(item.capability, item.until.date()) for item in opened)
        own = base.settings.redaction.rules
        return replace(advisories.surroundings(app_path), opened=found, standards=held_to, classes=classes, own=own)

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
        on_leak=estate.rotations.leaked,
        require_pusher=require_pusher,
        on_accepted=base.relay.accepted,
        branches=base.relay,
        review_url=f"{base.settings.public_url}/reviews",
        clock=base.clock,
    )


def basis_of_reviews(
    base: Base, estate: Estate, advisories: AdvisoryService, slower: Callable[[], Sequence[str]]
) -> BasisNow:
    """Return what names all that a review goes by now; `slower` are the readers that no push waits for."""
    standards = StandardRegister(base.clock)

    def basis(session: Session) -> Basis:
        base.force.refresh(session)
        return Basis(
            rules_digest(),
            policy=f"{base.policies.generation}",
            advisories=advisories.name_of_advisories(),
            standards="".join(
                (
                    advisories.name_of_policy(),
                    standards.name_of_standards(session),
                    estate.data_classes.name_of_classes(session),
                )
            ),
            slower=", ".join(slower()),
        )

    return basis


def build_reviewers(base: Base) -> ReviewerService:
    """Return the models that review, with the way to them: through the model gateway, under a name of their own."""
    url = base.settings.inference.gateway
    gateway = Gateway(url, own_pass(REVIEWERS, base.keys["pass"], base.clock)) if url is not None else None
    inference = InferenceService(
        base.settings.inference.routes,
        store=base.store,
        audit=base.audit,
        client=ModelClient(gateway),
        masker=base.vault.masker,
        clock=base.clock,
    )
    return ReviewerService(
        base.settings.inference.reviewers.options, inference=inference, store=base.store, clock=base.clock
    )
