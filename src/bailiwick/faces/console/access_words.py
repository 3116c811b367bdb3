"""How access is said on pages: roles with where they come from, and rights by the policy that gives them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from bailiwick.control.identity import Permission, RoleAssignment


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role as a person's page shows it: where it holds, through what, and who gave it when."""

    role: str
    scope: str
    reach: str
    through: str
    given_by: str
    time: datetime


@dataclass(frozen=True, slots=True)
class RightLine:
    """What may be done on a resource, and the reason of policy."""

    resource: str
    actions: tuple[str, ...]
    reason: str
    deciders: tuple[str, ...]


def role_lines(assignments: Iterable[RoleAssignment], principal: str) -> list[RoleLine]:
    """Return the roles of a person: held directly, or through a group."""
    return [
        RoleLine(it.role, it.scope, reach(it.scope), "" if it.holder == principal else it.holder, it.given_by, it.time)
        for it in assignments
    ]


def reach(scope: str) -> str:
    """Return how far a role on a scope goes."""
    kind = scope.partition(":")[0]
    return {"organization": "everywhere", "folder": "and everything below it"}.get(kind, "only there")


def right_lines(permissions: Sequence[Permission]) -> list[RightLine]:
    """Return what may be done, one line for each resource and reason."""
    grouped: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for it in permissions:
        grouped.setdefault((it.resource, it.deciders, it.reason), []).append(it.action)
    return [
        RightLine(resource, tuple(actions), reason, deciders)
        for (resource, deciders, reason), actions in grouped.items()
    ]


def person_address(principal: str) -> str:
    """Return the page of a person, the people of a group or a service identity; empty for what has none."""
    kind, _, name = principal.partition(":")
    if kind == "user":
        return f"/people/{quote(name, safe='@')}"
    if kind in {"service", "agent"}:
        return f"/services/{quote(principal, safe=':')}"
    return f"/people?{urlencode({'group': name})}" if kind == "group" else ""
