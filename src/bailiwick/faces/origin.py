"""Where a request comes from: the network address that policies may ask about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bailiwick.core.principals import Identity


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the address of an ASGI scope's other side, empty where none is known (as over a Unix socket).

    The server has put the client's own there already where the other side is a proxy that the settings trust.
    """
    client = scope.get("client")
    return str(client[0]) if client else ""


def seen_from(identity: Identity, scope: Mapping[str, Any]) -> Identity:
    """Return an identity with the address that its request comes from."""
    return replace(identity, address=address_of(scope))
