"""What may pass for a time, and what is looked at again when that ends."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bailiwick.control.capabilities import CapabilityService
from bailiwick.control.release import (
    StateChanged,
)
from bailiwick.control.rereview import RereviewKeeper, SecondReading
from bailiwick.control.waivers import WaiverService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate


def build_waivers(base: Base, estate: Estate, delivery: Delivery) -> WaiverService:
    """Return what lets findings pass for a time."""
    return WaiverService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        reviews=delivery.reviewing.reviews,
        writers=delivery.reviewing.sources.everyone_who_pushed,
        on_change=delivery.rereviews.ask,
        clock=base.clock,
    )


def build_capabilities(base: Base, estate: Estate, delivery: Delivery) -> CapabilityService:
    """Return what lets apps do what apps may not."""
    return CapabilityService(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        writers=delivery.reviewing.sources.everyone_who_pushed,
        on_change=tell_of_capability(base, delivery),
        clock=base.clock,
    )


def tell_of_capability(base: Base, delivery: Delivery) -> Callable[[Session, str, str], None]:
    """Return what is done when an app may do something else: what it runs is reviewed again, and planes are told."""

    def tell(session: Session, app_path: str, because: str) -> None:
        delivery.rereviews.ask(session, app_path, because)
        base.store.after_commit(session, lambda: base.relay.notify(StateChanged()))

    return tell


def build_rereview_keeper(base: Base, estate: Estate, delivery: Delivery) -> RereviewKeeper:
    """Return what reviews again what is in use."""
    return RereviewKeeper(
        store=base.store,
        audit=base.audit,
        catalog=estate.catalog,
        reviews=delivery.reviewing.reviews,
        sources=delivery.reviewing.sources,
        releases=delivery.releases,
        asked=delivery.rereviews,
        second=SecondReading(
            store=base.store,
            sources=delivery.reviewing.sources,
            releases=delivery.releases,
            reviewers=delivery.reviewing.reviewers,
        ),
        clock=base.clock,
    )
