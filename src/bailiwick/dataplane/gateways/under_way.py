"""What is under way through a gateway, and how it ends when somebody loses their access or a way is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bailiwick.core.principals import Identity
from bailiwick.dataplane.gateways.binding import Binding


class Endable(Protocol):
    """A call or session that is under way."""

    @property
    def binding(self) -> Binding:
        """Through which socket it came."""

    @property
    def identity(self) -> Identity | None:
        """Whose it is, None while that is not known."""

    def end(self) -> None:
        """End it now, at the other side too."""


@dataclass
class EndsCalls:
    """A gateway with what is under way through it."""

    under_way: set[Endable] = field(default_factory=set, kw_only=True)

    def end_revoked(self, epochs: Mapping[str, int]) -> None:
        """End what is under way of everybody whose credentials ended."""
        for call in list(self.under_way):
            if call.identity is not None and call.identity.is_revoked(epochs):
                call.end()

    def end_using(self, name: str) -> None:
        """End everything that goes to an integration."""
        for call in list(self.under_way):
            if call.binding.resource == name:
                call.end()
