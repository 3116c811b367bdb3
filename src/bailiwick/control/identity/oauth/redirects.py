"""Where an answer may be sent: to a program that waits on the person's own machine, and nowhere else (RFC 8252)."""

import re
from collections.abc import Sequence

# Whole addresses, not parsed ones: what two parsers read differently has no place in them (RFC 8252, section 7.3).
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(?::([1-9][0-9]{3,4}))?((?:/[A-Za-z0-9_-]+)*/?)")
# Editors that the operating system opens by a scheme of their own; PKCE keeps whoever takes the scheme from the token.
_EDITORS = re.compile(r"(?:cursor|vscode|vscode-insiders|windsurf)://[a-z0-9.-]{1,80}(?:/[A-Za-z0-9_-]+){1,8}")
_PORTS = range(1024, 65536)
LONGEST = 300


def may_be_registered(address: str) -> bool:
    """Return whether a program may wait at an address; one on loopback may leave the port open."""
    return len(address) <= LONGEST and bool(_LOOPBACK.fullmatch(address) or _EDITORS.fullmatch(address))


def may_be_sent_to(address: str, registered: Sequence[str] | None) -> bool:
    """Return whether an answer goes to an address: one of those registered, with any port on loopback (RFC 8252,
    section 7.3). None stands for wherever a program may wait.
    """
    if len(address) > LONGEST:
        return False
    loopback = _LOOPBACK.fullmatch(address)
    if loopback is None:
        return bool(_EDITORS.fullmatch(address)) and (registered is None or address in registered)
    if loopback[2] is None or int(loopback[2]) not in _PORTS:
        return False
    return registered is None or _portless(address) in {_portless(one) for one in registered}


def _portless(address: str) -> tuple[str, str]:
    match = _LOOPBACK.fullmatch(address)
    return (match[1], match[3]) if match is not None else ("", address)
