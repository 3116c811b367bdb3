"""What a rule says when something must be stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Trip:
    """That a rule was broken: why in words, the figures that say so, and whether it looks like an attack or a leak.

    What looks like one is never let run again by itself.
    """

    rule: str
    words: str
    figures: Mapping[str, float] = field(default_factory=dict)
    security: bool = False
