"""Values in the environment that the control plane was started with, as far as their names begin as was declared."""

import os
from collections.abc import Mapping

from bailiwick.control.vault.errors import StoreVersionError
from bailiwick.control.vault.stores.options import OperatorEnvironmentOptions
from bailiwick.control.vault.stores.provider import Found, Spot


class OperatorEnvironmentStore:
    """Read once, at the start: what is set later is not there. No message says what else is there."""

    def __init__(
        self, name: str, options: OperatorEnvironmentOptions, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Take what begins as declared."""
        self._name = name
        self._values = {name: value for name, value in environment.items() if options.allows(name)}

    def __repr__(self) -> str:
        return f"OperatorEnvironmentStore({self._name})"

    def read(self, spot: Spot) -> Found:
        """Return the value of a variable."""
        value = self._values.get(spot.path, "")
        if spot.field or spot.pinned or not value:
            raise StoreVersionError(
                f"there is no {spot.words} in the environment",
                hint="variables have neither fields nor versions; start the control plane with it",
            )
        return Found(value, "")
