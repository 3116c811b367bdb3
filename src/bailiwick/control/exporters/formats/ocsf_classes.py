"""Which class and activity of OCSF 1.8 an action is, and the objects that its class demands besides.

https://schema.ocsf.io/1.8.0/classes. What is in no table here becomes an API Activity: nothing goes unsent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bailiwick.core.events import AuditEvent

Objects = dict[str, object]
_OTHER = 99


@dataclass(frozen=True, slots=True)
class OcsfClass:
    """A class of OCSF: its number, its name, its activities by number, and its objects as made from an event.

    `profiles` are needed where the class has an `actor` only with one of them.
    """

    uid: int
    name: str
    activities: Mapping[int, str]
    objects: Callable[[AuditEvent], Objects]
    profiles: tuple[str, ...] = ()


def principal(written: str) -> Objects:
    """Return the `user` object of a written name such as `user:alice@example.com`."""
    kind, _, name = written.partition(":")
    person = kind in {"user", "agent"}
    return {
        "name": name or written or "unknown",
        "uid": written or "unknown",
        # 1: a user, 3: a system (https://schema.ocsf.io/1.8.0/objects/user)
        "type_id": 1 if person else 3,
        "type": "User" if person else "System",
    }


def actor(event: AuditEvent) -> Objects:
    """Return the `actor` object: who did it, and through which app."""
    found: Objects = {"user": principal(event.actor)}
    if event.app:
        found["app_name"] = event.app
    return found


def _named(written: str) -> Objects:
    _, _, name = written.partition(":")
    return {"name": name or written or "unknown", "uid": written or "unknown"}


def _from(event: AuditEvent) -> Objects:
    """Return where a call came from: an app and its plane, or our own control plane. Addresses are not in the log."""
    return {"name": f"app:{event.app}" if event.app else event.plane or "control-plane"}


def _fact(event: AuditEvent, name: str, otherwise: str) -> str:
    return str(event.context.get(name) or otherwise)


def _authentication(event: AuditEvent) -> Objects:
    return {"user": principal(event.actor), "actor": actor(event), "service": {"name": "bailiwick"}}


def _account(event: AuditEvent) -> Objects:
    return {"user": principal(event.resource), "actor": actor(event)}


def _access(event: AuditEvent) -> Objects:
    return {
        "user": principal(_fact(event, "holder", event.resource)),
        "actor": actor(event),
        "privileges": [_fact(event, "role", "unknown")],
        "resources": [_named(event.resource)],
    }


def _group(event: AuditEvent) -> Objects:
    return {"group": _named(event.resource), "actor": actor(event)}


def _entity(event: AuditEvent) -> Objects:
    kind, _, _ = event.resource.partition(":")
    return {"entity": {**_named(event.resource), "type": kind or "unknown"}, "actor": actor(event)}


def _lifecycle(event: AuditEvent) -> Objects:
    app: Objects = _named(event.resource)
    if event.release:
        app["version"] = event.release
    return {"app": app, "actor": actor(event)}


def _datastore(event: AuditEvent) -> Objects:
    database = {**_named(event.resource), "type_id": 1, "type": "Relational"}
    return {"database": database, "actor": actor(event), "src_endpoint": _from(event)}


def _network(event: AuditEvent) -> Objects:
    return {
        "dst_endpoint": {"hostname": _fact(event, "host", "unknown")},
        "src_endpoint": _from(event),
        "actor": actor(event),
    }


def _web(event: AuditEvent) -> Objects:
    resource = _named(event.resource)
    return {"web_resources": [resource], "src_endpoint": _from(event), "actor": actor(event)}


def _api(event: AuditEvent) -> Objects:
    return {
        "api": {"operation": event.action, "service": {"name": "bailiwick"}},
        "actor": actor(event),
        "src_endpoint": _from(event),
        "resources": [_named(event.resource)],
    }


_AUTHENTICATION = OcsfClass(
    3002, "Authentication", {1: "Logon", 2: "Logoff", 3: "Authentication Ticket", 4: "Service Ticket Request"},
    _authentication,
)  # fmt: skip
_ACCOUNT = OcsfClass(
    3001, "Account Change", {1: "Create", 2: "Enable", 5: "Disable", 6: "Delete", 9: "Lock", 12: "Unlock"}, _account
)
_ACCESS = OcsfClass(3005, "User Access Management", {1: "Assign Privileges", 2: "Revoke Privileges"}, _access)
_GROUP = OcsfClass(3006, "Group Management", {5: "Delete", 6: "Create"}, _group)
_ENTITY = OcsfClass(
    3004, "Entity Management",
    {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 8: "Enable", 9: "Disable", 12: "Suspend", 13: "Resume"},
    _entity,
)  # fmt: skip
_LIFECYCLE = OcsfClass(
    6002,
    "Application Lifecycle",
    {1: "Install", 2: "Remove", 3: "Start", 4: "Stop", 8: "Update"},
    _lifecycle,
    ("host",),
)
_DATASTORE = OcsfClass(6005, "Datastore Activity", {4: "Query"}, _datastore)
_NETWORK = OcsfClass(4001, "Network Activity", {1: "Open", 5: "Refuse"}, _network, ("host",))
_WEB = OcsfClass(6001, "Web Resources Activity", {2: "Read", 3: "Update"}, _web, ("host",))
_API = OcsfClass(6003, "API Activity", {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}, _api)

_ACTIONS: Mapping[str, tuple[OcsfClass, int]] = {
    "session.created": (_AUTHENTICATION, 1),
    "session.refused": (_AUTHENTICATION, 1),
    "session.ended": (_AUTHENTICATION, 2),
    "token.issued": (_AUTHENTICATION, 3),
    "token.refused": (_AUTHENTICATION, 3),
    "pass.issued": (_AUTHENTICATION, 4),
    "service.created": (_ACCOUNT, 1),
    "service.enabled": (_ACCOUNT, 2),
    "service.disabled": (_ACCOUNT, 5),
    "service.removed": (_ACCOUNT, 6),
    "person.provisioned": (_ACCOUNT, 1),
    "person.activated": (_ACCOUNT, 2),
    "person.deactivated": (_ACCOUNT, 5),
    "person.removed": (_ACCOUNT, 6),
    "person.changed": (_ACCOUNT, _OTHER),
    "principal.revoked": (_ACCOUNT, 9),
    "principal.released": (_ACCOUNT, 12),
    "administrator.bootstrapped": (_ACCOUNT, _OTHER),
    "role.assigned": (_ACCESS, 1),
    "role.removed": (_ACCESS, 2),
    "group.created": (_GROUP, 6),
    "group.removed": (_GROUP, 5),
    "group.changed": (_GROUP, _OTHER),
    "app.created": (_LIFECYCLE, 1),
    "app.killed": (_LIFECYCLE, 4),
    "app.revived": (_LIFECYCLE, 3),
    "app.tried-again": (_LIFECYCLE, 3),
    "app.trial-failed": (_LIFECYCLE, 4),
    "stop.started": (_LIFECYCLE, 4),
    "stop.lifted": (_LIFECYCLE, 3),
    "release.published": (_LIFECYCLE, 8),
    "release.rolled-back": (_LIFECYCLE, 8),
    "release.rollback-forced": (_LIFECYCLE, 8),
    "query.executed": (_DATASTORE, 4),
    "query.refused": (_DATASTORE, 4),
    "query.rows": (_DATASTORE, 4),
    "egress.connected": (_NETWORK, 1),
    "egress.refused": (_NETWORK, 5),
    "request.served": (_WEB, 2),
}
# By noun, where the class is that of everything that happens to it, and by the verb which activity.
_NOUNS: Mapping[str, OcsfClass] = {
    "app": _LIFECYCLE, "release": _LIFECYCLE, "deploy": _LIFECYCLE, "job": _LIFECYCLE, "push": _LIFECYCLE,
    "preview": _LIFECYCLE, "branch": _LIFECYCLE, "message": _LIFECYCLE,
    "folder": _ENTITY, "integration": _ENTITY, "secret": _ENTITY, "directory-token": _ENTITY, "exporter": _ENTITY,
    "audit-hold": _ENTITY,
}  # fmt: skip
_VERBS: Mapping[str, str] = {
    "created": "Create", "registered": "Create", "issued": "Create", "stored": "Update", "changed": "Update",
    "fetched": "Read", "read": "Read", "removed": "Delete", "revoked": "Delete", "enabled": "Enable",
    "disabled": "Disable", "paused": "Suspend", "resumed": "Resume", "placed": "Create", "lifted": "Delete",
}  # fmt: skip


def classify(action: str) -> tuple[OcsfClass, int]:
    """Return the class of an action and the number of its activity; 99 is "Other" in every class."""
    if action in _ACTIONS:
        return _ACTIONS[action]
    noun, _, verb = action.partition(".")
    found = _NOUNS.get(noun, _API)
    activity = next((number for number, name in found.activities.items() if name == _VERBS.get(verb)), _OTHER)
    return found, activity
