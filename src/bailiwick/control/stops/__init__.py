"""Stops: the kill switch, of an app or of more, by hand and by itself, and how people bring back what was stopped."""

from bailiwick.control.stops.errors import NotStoppedError
from bailiwick.control.stops.model import Kill, Lifted, StandingStops, StopChange, Stopped
from bailiwick.control.stops.register import Makers, StopRegister, last_stopped
from bailiwick.control.stops.service import MOST_DRAIN_SECONDS, Known, StopService, place_of
from bailiwick.control.stops.trials import Trials

__all__ = [
    "MOST_DRAIN_SECONDS",
    "Kill",
    "Known",
    "Lifted",
    "Makers",
    "NotStoppedError",
    "StandingStops",
    "StopChange",
    "StopRegister",
    "StopService",
    "Stopped",
    "Trials",
    "last_stopped",
    "place_of",
]
