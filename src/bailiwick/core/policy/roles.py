"""Roles that always exist, and who holds them on a resource once folders have cascaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
NO_CLASSES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """What policy must know of a resource beside its name: who holds which role on it, and of an app the data classes
    that it declares.
    """

    roles: RoleHolders
    data_classes: frozenset[str] = NO_CLASSES


def cascade(assignments: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return who holds each role, from `(role, name)` pairs of a resource and everything above it."""
    holders: dict[str, set[str]] = {role: set() for role in ROLES}
    for role, name in assignments:
        if role in holders:
            holders[role].add(name)
    return {role: frozenset(names) for role, names in holders.items()}
