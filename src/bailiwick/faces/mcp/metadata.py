"""What clients read of this door before they have a token for it (RFC 9728)."""

from collections.abc import Mapping

PATH = "/mcp"
METADATA_PATH = "/.well-known/oauth-protected-resource"
# What the door tells of its tools, signed.
LISTING_PATH = "/.well-known/bailiwick/mcp-tools"


def metadata_url(public_url: str) -> str:
    """Return where this door's metadata is (RFC 9728, section 3.1: the well-known part comes before the path)."""
    return f"{public_url}{METADATA_PATH}{PATH}"


def resource_metadata(public_url: str) -> Mapping[str, object]:
    """Return what this door is called in tokens, and who makes them (RFC 9728, section 2)."""
    return {
        "resource": f"{public_url}{PATH}",
        "authorization_servers": [public_url],
        "bearer_methods_supported": ["header"],
        "resource_name": "Bailiwick for coding agents",
    }
