"""URLs of services that credentials go to: https, without credentials in them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _protected(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("leave credentials out of the URL: they have a setting of their own")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must be an https URL (http only to this machine itself)")
    return url.rstrip("/")


ProtectedUrl = Annotated[str, AfterValidator(_protected)]
