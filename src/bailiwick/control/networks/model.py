"""How the networks of planes are, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime

from bailiwick.core.messages import NetworkTry
from bailiwick.core.networks import Parted, Parting

CONTROL_PLANE = "control plane"
_NEVER = Parted(Parting.UNPROVED, ("it has not said yet what came of trying what it must not reach",))


@dataclass(frozen=True, slots=True)
class PlaneNetworks:
    """What a plane last said: what it comes to, every attempt, when it was made, and since when it comes to that."""

    plane: str
    parted: Parted = _NEVER
    tries: tuple[NetworkTry, ...] = field(default=())
    time: datetime | None = None
    since: datetime | None = None
