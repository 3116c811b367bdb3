"""What may pass for a time, and what is looked at again when that ends."""

from sqlalchemy.orm import Session

from bailiwick.control.capabilities import CAPABILITIES, CapabilityService
from bailiwick.control.exceptions import ExceptionDesk, ExceptionKeeper, Kind, OnChange
from bailiwick.control.release import (
    StateChanged,
)
from bailiwick.control.rereview import RereviewKeeper, SecondReading
from bailiwick.control.waivers import WAIVERS, WaiverService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.delivery import Delivery
from bailiwick.control.wiring.estate import Estate


def build_waivers(base: Base, estate: Estate, delivery: Delivery) -> WaiverService:
    """Return what lets findings pass for a time."""
    return WaiverService(_desk(base, estate, delivery, delivery.rereviews.ask), delivery.reviewing.reviews)


def build_capabilities(base: Base, estate: Estate, delivery: Delivery) -> CapabilityService:
    """Return what lets apps do what apps may not."""
    return CapabilityService(_desk(base, estate, delivery, _tell_of_capability(base, delivery)))


def build_waiver_keeper(base: Base, delivery: Delivery) -> ExceptionKeeper:
    """Return what ends waivers."""
    return _keeper(WAIVERS, base, delivery.rereviews.ask)


def build_capability_keeper(base: Base, delivery: Delivery) -> ExceptionKeeper:
    """Return what closes capabilities."""
    return _keeper(CAPABILITIES, base, _tell_of_capability(base, delivery))


def _desk(base: Base, estate: Estate, delivery: Delivery, on_change: OnChange) -> ExceptionDesk:
    return ExceptionDesk(
        store=base.store,
        audit=base.audit,
        authorizer=base.authorizer,
        catalog=estate.catalog,
        writers=delivery.reviewing.sources.everyone_who_pushed,
        on_change=on_change,
        clock=base.clock,
    )


def _keeper(kind: Kind, base: Base, on_change: OnChange) -> ExceptionKeeper:
    return ExceptionKeeper(kind, store=base.store, audit=base.audit, on_change=on_change, clock=base.clock)


def _tell_of_capability(base: Base, delivery: Delivery) -> OnChange:
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
