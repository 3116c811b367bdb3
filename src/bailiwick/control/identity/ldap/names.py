"""Distinguished names and filters: whether they are any, and which names are the same.

ldap3 is loaded when it is first needed: a control plane that reads no directory starts without it.
"""

import re

from bailiwick.control.identity.directory.model import fold


def check_filter(text: str) -> str:
    """Return a filter; raise `ValueError` when it is none (RFC 4515)."""
    from ldap3.core.exceptions import LDAPException  # noqa: PLC0415
    from ldap3.operation.search import parse_filter  # noqa: PLC0415

    try:
        parse_filter(text, None, False, False, None, False)
    except LDAPException as fault:
        raise ValueError(f"'{text[:80]}' is no LDAP filter") from fault
    return text


def check_name(text: str) -> str:
    """Return a distinguished name; raise `ValueError` when it is none (RFC 4514)."""
    if _parsed(text) is None:
        raise ValueError(f"'{text[:80]}' is no distinguished name")
    return text


def dn_key(name: str) -> str:
    """Return the form of a distinguished name in which two spellings of one are equal (RFC 4514, RFC 4518)."""
    if "\\" not in name and '"' not in name:
        parts = (part.partition("=") for part in re.split(r"[,;]", name))
        return ",".join(f"{_squeezed(kind)}={_squeezed(value)}" for kind, _, value in parts)
    parsed = _parsed(name)
    if parsed is None:
        return _squeezed(name)
    return ",".join(f"{_squeezed(kind)}={_squeezed(_unescaped(value))}" for kind, value in parsed)


def _parsed(name: str) -> list[tuple[str, str]] | None:
    from ldap3.core.exceptions import LDAPException  # noqa: PLC0415
    from ldap3.utils.dn import parse_dn  # noqa: PLC0415

    try:
        return [(kind, value) for kind, value, _ in parse_dn(name)]
    except LDAPException:
        return None


def _squeezed(text: str) -> str:
    return fold(" ".join(text.split()))


def _unescaped(value: str) -> str:
    """Return the value that an escaped one stands for (RFC 4514, section 2.4)."""

    def plain(match: re.Match[str]) -> str:
        return bytes.fromhex(match[0].replace("\\", "")).decode("utf-8", "replace")

    return re.sub(r"\\(.)", r"\1", re.sub(r"(?:\\[0-9A-Fa-f]{2})+", plain, value))
