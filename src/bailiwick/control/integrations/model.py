"""Integrations and what they offer, as plain values."""

from dataclasses import dataclass, field

from bailiwick.core.grants import Offer
from bailiwick.core.messages import AnyConnection, IntegrationLimits, IntegrationState
from bailiwick.core.reach import Reach


@dataclass(frozen=True, slots=True)
class Integration:
    """A business system: who owns it, where each plane finds it, what may be asked for, and how much of it. `off` says
    who switched it off and why, `connector` of which description it was made, `folder` whose apps may use it, all where
    it is empty.
    """

    name: str
    kind: str
    description: str
    owner: str
    enabled: bool
    connections: dict[str, AnyConnection]
    offers: dict[str, tuple[Offer, ...]]
    limits: IntegrationLimits = field(default_factory=IntegrationLimits)
    off: str = ""
    connector: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an app's manifest comes to on one plane."""

    states: tuple[IntegrationState, ...]
    reach: Reach
