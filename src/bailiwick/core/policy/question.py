"""A question to policy with every fact that its answer depends on, and the entities and context that Cedar is given."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from bailiwick.core.policy.roles import NO_CLASSES, ROLES, RoleHolders
from bailiwick.core.policy.scopes import ENTITY_TYPES, scope_chain
from bailiwick.core.principals import Identity, SignIn

PRINCIPAL_TYPES = {
    "user": "Person",
    "service": "Service",
    "agent": "Agent",
    "app": "AppIdentity",
    "plane": "Plane",
    "anonymous": "Anonymous",
}
# What policies may ask of every person without looking first whether it is known: empty where it is not.
FACTS_OF_PEOPLE = (
    "department",
    "division",
    "organization",
    "cost_center",
    "country",
    "region",
    "title",
    "user_type",
    "locale",
)
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - compared, never bound
# A credential that does not say how old its sign-in is counts as older than any policy allows.
_UNKNOWN_SIGN_IN = SignIn(age_seconds=2**40, second_factor=False)

ContextValue = str | bool | int | frozenset[str]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that is acted on: its Cedar entity type, its written name, who holds which role on it, and of an app
    the data classes that it declares.
    """

    entity_type: str
    name: str
    roles: RoleHolders
    data_classes: frozenset[str] = NO_CLASSES


@dataclass(frozen=True, slots=True)
class Question:
    """May `identity` do `action` to `resource`, at this time, in this environment?"""

    identity: Identity
    action: str
    resource: Resource
    time: datetime
    environment: str = ""
    context: Mapping[str, ContextValue] = field(default_factory=lambda: MappingProxyType({}))

    def request(self) -> dict[str, object]:
        """Return what Cedar is asked."""
        moment = self.time.astimezone(UTC)
        request = {
            "address": {"__extn": {"fn": "ip", "arg": _known_address(self.identity.address)}},
            "hour": moment.hour,
            "minute": moment.minute,
            "weekday": moment.isoweekday(),
            "environment": self.environment,
        }
        return {
            "principal": _principal_uid(self.identity),
            "action": {"type": "Action", "id": self.action},
            "resource": {"type": self.resource.entity_type, "id": self.resource.name},
            "context": {**{key: _plain(value) for key, value in self.context.items()}, "request": request},
        }

    def entities(self, ancestors: Mapping[str, frozenset[str]]) -> list[dict[str, object]]:
        """Return the principal and the resource with what is known of them; `ancestors` is what the schema lets be
        above each type of resource.
        """
        roles = self.resource.roles
        attributes: dict[str, object] = {"roles": {role: sorted(roles.get(role, ())) for role in ROLES}}
        if self.resource.entity_type == "App":
            attributes["data_classes"] = sorted(self.resource.data_classes)
        above = ancestors.get(self.resource.entity_type, frozenset())
        resource = {
            "uid": {"type": self.resource.entity_type, "id": self.resource.name},
            "attrs": attributes,
            # Cedar needs to be told of no folder but by its name: all that lie above are named as parents.
            "parents": [parent for parent in _parents(self.resource.name) if parent["type"] in above],
        }
        return [_principal(self.identity), resource]


def _principal(identity: Identity) -> dict[str, object]:
    attributes: dict[str, object] = {"name": str(identity.principal), "names": sorted(identity.names)}
    entity: dict[str, object] = {"uid": _principal_uid(identity), "attrs": attributes, "parents": []}
    if identity.is_person:
        known = identity.sign_in or _UNKNOWN_SIGN_IN
        said = identity.attributes
        attributes |= {"sign_in_age": known.age_seconds, "second_factor": known.second_factor}
        attributes |= {name: said.get(name, "") for name in FACTS_OF_PEOPLE}
        entity["tags"] = {name: value for name, value in said.items() if name not in FACTS_OF_PEOPLE}
    return entity


def _principal_uid(identity: Identity) -> dict[str, str]:
    return {"type": PRINCIPAL_TYPES[identity.principal.kind], "id": str(identity.principal)}


def _parents(name: str) -> list[dict[str, str]]:
    kind = name.partition(":")[0]
    if kind not in ENTITY_TYPES:
        return []
    return [{"type": ENTITY_TYPES[scope.partition(":")[0]], "id": scope} for scope in scope_chain(name)[1:]]


def _known_address(text: str) -> str:
    """Return the address as Cedar reads one: an IPv4 address behind an IPv6 socket is the IPv4 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _plain(value: ContextValue) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
