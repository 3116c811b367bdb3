"""How an app is in a mode, as one word."""

from collections.abc import Sequence

from bailiwick.control.observe import AppStatus
from bailiwick.control.stops import Kill
from bailiwick.faces.console.words import State, state


def mode_state(status: AppStatus | None, stops: Sequence[Kill], mode: str) -> State | None:
    """Return how an app is in a mode: a stop outweighs what the plane last said."""
    if status is None:
        return None
    holding = [stop for stop in stops if stop.stops(mode)]
    if holding and all(stop.on_trial for stop in holding):
        return state("on trial")
    return state("killed" if holding else status.status)
