"""Roles that always exist, and who holds them on a resource once folders have cascaded."""

from collections.abc import Iterable, Mapping

ROLES = (
    "org-admin",
    "security-admin",
    "it-admin",
    "folder-admin",
    "builder",
    "approver",
    "auditor",
    "app-user",
)

RoleHolders = Mapping[str, frozenset[str]]


def cascade(assignments: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return who holds each role, from `(role, name)` pairs of a resource and everything above it."""
    holders: dict[str, set[str]] = {role: set() for role in ROLES}
    for role, name in assignments:
        if role in holders:
            holders[role].add(name)
    return {role: frozenset(names) for role, names in holders.items()}
