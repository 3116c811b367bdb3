"""What brings releases out in steps."""

from collections.abc import Callable
from dataclasses import dataclass

from bailiwick.control.catalog import CatalogService
from bailiwick.control.freeze import FreezeRegister
from bailiwick.control.observe import ObserveService
from bailiwick.control.rollouts import (
    Lookout,
    PlanService,
    RolloutKeeper,
    RolloutOutlet,
    RolloutService,
    Transitions,
)
from bailiwick.control.stops import StopService
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.reviewing import Reviewing


@dataclass(frozen=True)
class Rollouts:
    """What brings releases out in steps."""

    outlet: RolloutOutlet
    plans: PlanService
    service: RolloutService
    keeper: RolloutKeeper


def build_rollouts(
    base: Base,
    catalog: CatalogService,
    reviewing: Reviewing,
    stops: StopService,
    freezes: FreezeRegister,
    ask_again: Callable[[str, str, str, str], None],
) -> Rollouts:
    """Put together what brings releases out in steps."""
    transitions = Transitions(store=base.store, audit=base.audit, clock=base.clock, notify=base.relay.notify)
    lookout = Lookout(stops, freezes, reviewing.reviews, ask_again, base.clock)
    return Rollouts(
        outlet=RolloutOutlet(
            transitions=transitions, sources=reviewing.sources, answered=ObserveService(base.clock).answered
        ),
        plans=PlanService(
            store=base.store, audit=base.audit, authorizer=base.authorizer, catalog=catalog, clock=base.clock
        ),
        service=RolloutService(
            store=base.store,
            audit=base.audit,
            authorizer=base.authorizer,
            catalog=catalog,
            freezes=freezes,
            lookout=lookout,
            transitions=transitions,
            clock=base.clock,
        ),
        keeper=RolloutKeeper(store=base.store, lookout=lookout, freezes=freezes, transitions=transitions),
    )
