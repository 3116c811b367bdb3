"""Addresses that an administrator may give: where calls and credentials go, checked before they are believed."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

SecretName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,38}/){0,6}[a-z][a-z0-9-]{0,62}$")]
PORTS = {"http": 80, "https": 443}


def require_address(url: str, *, secret: bool) -> str:
    """Return an address that calls may go to; raise `ValueError` for another.

    What carries a credential goes over TLS, unless it does not leave this machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("an address begins with https:// and a host")
    if parts.username is not None or parts.query or parts.fragment or any(mark in url for mark in ("\\", " ", "..")):
        raise ValueError("an address has no user, query, fragment or odd path")
    _ = parts.port  # raises for one that is none
    if secret and parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("a credential goes over https only")
    return url


def is_loopback(host: str) -> bool:
    """Return whether what goes to a host does not leave this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
