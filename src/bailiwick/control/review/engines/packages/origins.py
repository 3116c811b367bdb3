"""Addresses that packages come from: which of them are the organisation's indexes, or the public ones."""

from urllib.parse import urlsplit

from bailiwick.control.review.package_policy import PackagePolicy

# The public indexes, which installers ask anyway.
_PUBLIC = frozenset({"pypi.org", "registry.npmjs.org", "registry.yarnpkg.com"})


def is_own_index(address: str, policy: PackagePolicy) -> bool:
    """Return whether an address is one of the organisation's own indexes, or the public one itself, over https."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    own = (parts.hostname or "") in policy.indexes
    public = parts.hostname in _PUBLIC and (parts.path or "/").rstrip("/") in {"", "/simple"}
    return parts.scheme == "https" and (own or public)
