"""What can go wrong when an app asks for data."""

from collections.abc import Sequence

from bailiwick.core.errors import InvalidInputError, NotFoundError


class UnknownIntegrationError(NotFoundError):
    """No integration has this name here."""

    code = "integration.unknown"


class UnknownConnectorError(NotFoundError):
    """No pack describes a connector of this name."""

    code = "connector.unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Take the name and those that there are."""
        super().__init__(f"there is no connector '{name[:60]}'", hint=f"there are: {', '.join(known)}")


class AccessNotOfferedError(InvalidInputError):
    """The integration does not offer what the manifest asks for."""

    code = "integration.access-not-offered"

    def __init__(self, integration: str, rule: str, offered: Sequence[str]) -> None:
        """Take the integration, what was asked for and what there is."""
        super().__init__(
            f"'{integration}' does not offer '{rule}'",
            hint=f"it offers: {', '.join(offered)}",
            details={"offered": list(offered)},
        )
