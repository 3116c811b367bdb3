"""The doors that tokens are made for, by the addresses under which clients name them (RFC 8707)."""

from collections.abc import Mapping

from bailiwick.control.identity.model import API_AUDIENCE, GIT_AUDIENCE, MCP_AUDIENCE
from bailiwick.control.identity.oauth.errors import OAuthError


class Resources:
    """Addresses of this installation's doors, and back."""

    def __init__(self, public_url: str) -> None:
        """Take the address of the console, which all others begin with."""
        self.addresses: Mapping[str, str] = {
            API_AUDIENCE: f"{public_url}/api/v1",
            GIT_AUDIENCE: f"{public_url}/git",
            MCP_AUDIENCE: f"{public_url}/mcp",
        }
        self._audiences = {address: audience for audience, address in self.addresses.items()}

    def audiences(self, named: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Return the doors that a client names, all of the allowed ones where it names none.

        Raises `OAuthError` for an address that is none of ours, or not allowed.
        """
        found = tuple(self._audiences.get(address, "") for address in named)
        if not all(audience in allowed for audience in found):
            raise OAuthError("invalid_target", f"tokens are made here for: {', '.join(self.addresses.values())}")
        return found or allowed
