"""What we know of a SAML identity provider: from its metadata, read again when the file changes, or from settings."""

import base64
import binascii
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from bailiwick.control.identity.errors import ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.signatures import require_strong
from bailiwick.control.identity.saml.xml import DSIG, METADATA, Element
from bailiwick.core.clock import Clock

_LOG = logging.getLogger("bailiwick.saml")
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_PEM_FRAME = re.compile(r"-----(BEGIN|END) CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class IdpDescription:
    """An identity provider: its name, where browsers are sent, and the certificates of the keys that it signs with.

    `logout_url` and `logout_answer_url` are those of its single logout by redirect, empty where it has none.
    `valid_until` is when the description is over, None where it does not say.
    """

    entity_id: str
    sign_in_url: str
    certificates: tuple[x509.Certificate, ...]
    logout_url: str = ""
    logout_answer_url: str = ""
    valid_until: datetime | None = None


def certificate_of(written: str) -> x509.Certificate:
    """Return a certificate from PEM or bare base64; raise `ValueError` when it is none, or its key is too weak."""
    bare = "".join(_PEM_FRAME.sub("", written).split())
    try:
        return require_strong(x509.load_der_x509_certificate(base64.b64decode(bare, validate=True)))
    except binascii.Error as fault:
        raise ValueError("a certificate is neither PEM nor base64") from fault


def read_metadata(content: bytes) -> IdpDescription:
    """Return the identity provider that metadata describe (SAML Metadata 2.0); raise `ValueError` for anything else.

    The file is trusted because whoever runs Bailiwick put it there; a signature in it is not needed and not looked at.
    """
    try:
        root = xml.parse_file(content)
        role = _role(root)
        entity = role.getparent()
        ends = [time for element in (root, entity, role) if (time := xml.time_of(element, "validUntil")) is not None]
    except SignInRefusedError as fault:
        raise ValueError(fault.message.replace("SAML message", "metadata")) from fault
    certificates = tuple(_signing_certificates(role))
    if not certificates:
        raise ValueError("the metadata name no certificate for signing")
    logout = _endpoint(role, "SingleLogoutService")
    return IdpDescription(
        entity_id=str(entity.get("entityID", "")),
        sign_in_url=require_address(_location(_endpoint(role, "SingleSignOnService"), "Location")),
        certificates=certificates,
        logout_url=_location(logout, "Location"),
        logout_answer_url=_location(logout, "ResponseLocation") or _location(logout, "Location"),
        valid_until=min(ends, default=None),
    )


class MetadataFile:
    """Metadata in a file that may be replaced at any time: new certificates count without a restart."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._known: IdpDescription | None = None

    def __call__(self) -> IdpDescription:
        """Return what the file says; while it cannot be read, what it said before.

        Raises `ProviderUnavailableError` when it never said anything of use, or is over by now (`validUntil`).
        """
        with self._lock:
            try:
                status = self._path.stat()
                seen = (status.st_mtime_ns, status.st_size)
                if seen != self._seen:
                    self._known = read_metadata(self._path.read_bytes())
                    self._seen = seen
            except (OSError, ValueError) as fault:
                _LOG.warning("the SAML metadata in %s cannot be used: %s", self._path, fault)
                if self._known is None:
                    raise ProviderUnavailableError(
                        f"the identity provider's metadata cannot be used: {fault}", hint=f"look at {self._path}"
                    ) from fault
            assert self._known is not None  # noqa: S101 - read above, or raised
            if self._known.valid_until is not None and self._known.valid_until <= self._clock():
                raise ProviderUnavailableError(
                    "the identity provider's metadata are no longer valid (validUntil)",
                    hint=f"get them anew and replace {self._path}",
                )
            return self._known


Source = Callable[[], IdpDescription]


def require_address(url: str) -> str:
    """Return a web address that a browser may be sent to; raise `ValueError` for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or any(c.isspace() for c in url):
        raise ValueError(f"'{url[:80]}' is not the address of a page")
    return url


def _role(root: Element) -> Element:
    found = list(root.iter(f"{{{METADATA}}}IDPSSODescriptor"))
    if len(found) != 1:
        raise ValueError(f"the metadata describe {len(found)} identity providers where there must be one")
    return found[0]


def _signing_certificates(role: Element) -> list[x509.Certificate]:
    keys = [key for key in xml.children(role, METADATA, "KeyDescriptor") if key.get("use", "signing") == "signing"]
    return [certificate_of(item.text or "") for key in keys for item in key.iter(f"{{{DSIG}}}X509Certificate")]


def _endpoint(role: Element, tag: str) -> Element | None:
    found = (item for item in xml.children(role, METADATA, tag) if item.get("Binding") == _REDIRECT)
    return next(found, None)


def _location(endpoint: Element | None, attribute: str) -> str:
    told = "" if endpoint is None else str(endpoint.get(attribute, ""))
    return require_address(told) if told else ""
