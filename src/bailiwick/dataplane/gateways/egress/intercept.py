"""TLS that the gateway opens, where administrators ask for it: requests are read as those of plain HTTP are.

The host's certificate is verified first, by what this machine trusts; only then is the app shown one of the plane's own
authority. An app that accepts nothing but the host's own certificate gets no connection: nothing passes unread.
"""

import asyncio
import ssl
from urllib.parse import unquote

from bailiwick.core.guardrails import OpenedTls
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError
from bailiwick.dataplane.gateways.egress.http import pass_requests
from bailiwick.dataplane.gateways.egress.payloads import pass_screened
from bailiwick.dataplane.router.wire import RequestHead

VERIFIED_HOST = ("verified-host",)
TRUSTING_APP = ("app-trusts-the-gateway",)
ALLOWED_REQUESTS = ("allowed-requests",)
_HTTPS_PORT = 443
_HANDSHAKE_SECONDS = 10.0


async def pass_opened(connection: Connection, rule: OpenedTls) -> None:
    """Pass requests on that a rule allows, over TLS on both sides; the ClientHello was looked at and is still there.

    Raises `RefusedError` and `UnreachableError`.
    """
    host, opener = connection.target.host, connection.opener
    if opener is None:
        raise RefusedError("TLS to this host is to be opened, and cannot be here", TRUSTING_APP)
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            far = await connection.far_channel(ssl=opener.trust, server_hostname=host)
    except (ssl.SSLError, ssl.CertificateError) as fault:
        words = getattr(fault, "verify_message", "") or fault.reason or "TLS failed"
        raise RefusedError(f"the host's certificate cannot be relied on: {words}", VERIFIED_HOST) from None
    except TimeoutError:
        raise RefusedError("the host does not answer in TLS", VERIFIED_HOST) from None
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            near = await connection.near_channel(ssl=opener.authority.context_for(host))
    except (OSError, TimeoutError):
        words = "the app does not accept the certificate of the gateway, which opens TLS to this host"
        raise RefusedError(words, TRUSTING_APP) from None

    def allowed(head: RequestHead) -> None:
        require_allowed(head, rule)

    if rule.reads_payloads:
        await pass_screened(connection, near, far, rule, _HTTPS_PORT, allowed)
    else:
        await pass_requests(connection, near, far, _HTTPS_PORT, allowed)


def require_allowed(head: RequestHead, rule: OpenedTls) -> None:
    """Return when a rule allows a request; raise `RefusedError` that says what it allows."""
    if rule.methods and head.method not in rule.methods:
        words = f"{head.method[:20]} is not allowed at this host, only {', '.join(rule.methods)}"
        raise RefusedError(words, ALLOWED_REQUESTS)
    if rule.paths and not (_is_plain(head) and any(_matches(head.path, pattern) for pattern in rule.paths)):
        raise RefusedError(f"the path is not allowed at this host, only {', '.join(rule.paths)}", ALLOWED_REQUESTS)


def _is_plain(head: RequestHead) -> bool:
    """Whether a path means the same to everybody: nothing encoded twice, no way up, no empty part."""
    path = head.path
    parts = path.split("/")[1:]
    return (
        unquote(path) == path
        and "\\" not in path
        and ";" not in path
        and "%2f" not in head.target.lower()
        and not any(part in {".", ".."} for part in parts)
        and "" not in parts[:-1]
    )


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is what a pattern says: itself, or with `*` at its end what begins so."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
