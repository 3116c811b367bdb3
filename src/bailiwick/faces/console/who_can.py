"""Who can …?: policy's answer for one action on one resource, for everybody or one person, with what decided it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import Permission, SignedIn, role_resource, roles_of, scope_chain
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.faces.console.access_words import person_address
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Fact:
    """A role that counts for the answer: which, held where, and through what name."""

    role: str
    scope: str
    through: str


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer about one person, with the roles of theirs that count on the resource, and what else policy was told:
    by name, what is known of them, of the resource and of the request.
    """

    principal: str
    decision: Decision
    facts: Sequence[Fact]
    told: Sequence[tuple[str, str]]


def add_who_can(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the explainer."""

    @app.get("/who-can", response_class=HTMLResponse)
    def who_can(
        request: Request, visitor: Visitor, action: str = "", resource: str = "", principal: str = "", cursor: str = ""
    ) -> Response:
        asked = {"action": action.strip(), "resource": resource.strip(), "principal": _written(principal.strip())}
        content: dict[str, Any] = {"people": None, "explained": None, "further": "", "glance": _QUESTION}
        if asked["action"] and asked["resource"]:
            with control.store.transaction() as session:
                content |= _answer(control, session, visitor, asked, cursor)
        return pages.render(request, "who_can", visitor, asked=asked, actions=control.access.known_actions(), **content)


_QUESTION = (
    "Ask policy: name an action and a resource for everybody who may, and a person too for the reason about them."
)


def _answer(
    control: ControlPlane, session: Session, visitor: SignedIn, asked: Mapping[str, str], cursor: str
) -> dict[str, Any]:
    action, resource, principal = asked["action"], asked["resource"], asked["principal"]
    if principal != str(visitor.identity.principal):
        control.authorizer.require(session, visitor.identity, "role.read", role_resource(resource))
    if principal:
        identity = control.access.identity(session, principal, address=visitor.identity.address)
        explained = _explained(control, session, identity, action, resource)
        return {"explained": explained, "glance": _verdict(explained, action, resource)}
    found, further = control.access.who_can(
        session, action, resource, address=visitor.identity.address, cursor=cursor, limit=_PAGE
    )
    onward = urlencode({"action": action, "resource": resource, "cursor": further})
    return {
        "people": [(item, person_address(item.principal)) for item in found],
        "further": f"/who-can?{onward}" if further else "",
        "glance": _counted(found, action, resource, more=bool(further or cursor)),
    }


def _explained(control: ControlPlane, session: Session, identity: Identity, action: str, resource: str) -> Explained:
    principal = str(identity.principal)
    decision = control.access.evaluate(session, identity, action, resource)
    chain = scope_chain(resource)
    held = [it for it in roles_of(session, identity.names) if it.scope in chain]
    held.sort(key=lambda it: chain.index(it.scope))
    facts = [Fact(it.role, it.scope, "" if it.holder == principal else it.holder) for it in held]
    return Explained(principal, decision, facts, _told(control, session, identity, resource))


def _told(control: ControlPlane, session: Session, identity: Identity, resource: str) -> list[tuple[str, str]]:
    """Return the facts that policies may ask about besides roles, in words."""
    now = control.clock().astimezone(UTC)
    classes = control.authorizer.holders_of(session, [resource])[resource].data_classes
    told = [
        ("from the address", identity.address or "unknown"),
        ("at", f"{now:%A %H:%M} UTC"),
        ("signed in", "just now, with a second factor" if identity.is_person else "by itself"),
        *((name.replace("_", " "), value) for name, value in sorted(identity.attributes.items())),
    ]
    return told + ([("data of the app", ", ".join(sorted(classes)))] if classes else [])


def _verdict(explained: Explained, action: str, resource: str) -> str:
    words = "may" if explained.decision.allowed else "may not"
    return f"{explained.principal} {words} do {action} on {resource}."


def _counted(found: Sequence[Permission], action: str, resource: str, *, more: bool) -> str:
    if not found:
        return f"Nobody may do {action} on {resource}."
    people = count(len(found), "person", "people")
    return f"{people}{' on this page' if more else ''} may do {action} on {resource}."


def _written(principal: str) -> str:
    """Return the written name of what was typed: an address alone is a person's."""
    return f"user:{principal}" if "@" in principal and ":" not in principal else principal
