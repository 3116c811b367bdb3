"""Roles: place by place who holds what, what holds there from above, and the forms that give and take."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    ORGANIZATION,
    RoleAssignment,
    SignedIn,
    role_counts,
    role_resource,
    roles_on,
    scope_chain,
)
from bailiwick.core.policy import ROLES, Decision, Standing
from bailiwick.faces.console.access_words import person_address
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

_PAGE = 100
_MOST_PLACES = 300
_WORDS = {ORGANIZATION: "the organisation"}
# Giving a role is asked about with a holder who is nobody's own.
_SOMEBODY = "user:somebody@else"


@dataclass(frozen=True, slots=True)
class Place:
    """A scope in the tree: how deep it lies, and how many roles are held right there."""

    scope: str
    words: str
    depth: int
    held: int
    here: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """A role as a row; `removable` where the visitor may take it away."""

    role: str
    holder: str
    address: str
    scope: str
    given_by: str
    time: datetime
    removable: bool


def add_roles(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of roles, and the forms that give and take them."""

    @app.get("/roles", response_class=HTMLResponse)
    def roles(request: Request, visitor: Visitor, scope: str = "", cursor: str = "") -> Response:
        with control.store.transaction() as session:
            content = _content(control, session, visitor, scope.strip(), cursor)
        return pages.render(request, "roles", visitor, **content)

    @app.post("/roles/assign")
    def assign(
        visitor: Writer,
        role: Annotated[str, Form()],
        holder: Annotated[str, Form()],
        scope: Annotated[str, Form()],
    ) -> Response:
        control.identity.roles.assign(visitor.identity, role, holder.strip(), scope.strip())
        return RedirectResponse(_address(scope.strip()), 303)

    @app.post("/roles/remove")
    def remove(
        visitor: Writer,
        role: Annotated[str, Form()],
        holder: Annotated[str, Form()],
        scope: Annotated[str, Form()],
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        control.identity.roles.remove(visitor.identity, role, holder, scope, reason)
        return RedirectResponse(_address(scope), 303)


def _content(control: ControlPlane, session: Session, visitor: SignedIn, scope: str, cursor: str) -> dict[str, Any]:
    seen = control.access.require_readable_scopes(session, visitor.identity)
    chosen = scope or (ORGANIZATION if seen is None else seen[0])
    place = role_resource(chosen)
    control.authorizer.require(session, visitor.identity, "role.read", place)
    above = scope_chain(chosen)[1:]
    # Who holds what above a folder is not for whoever looks after the folder only.
    inherited = roles_on(session, [it for it in above if seen is None or not set(seen).isdisjoint(scope_chain(it))])
    asking = _Asking(control, visitor, place, control.authorizer.holders_of(session, [place])[place])
    direct = sorted(roles_on(session, [chosen]), key=lambda it: f"{it.role} {it.holder}")
    shown = [it for it in direct if f"{it.role} {it.holder}" > cursor]
    places = _places(role_counts(session, seen), chosen)
    last = shown[_PAGE - 1] if len(shown) > _PAGE else None
    return {
        "scope": chosen,
        "places": places[:_MOST_PLACES],
        "places_left_out": max(len(places) - _MOST_PLACES, 0),
        "holdings": [_holding(it, asking) for it in shown[:_PAGE]],
        "further": _address(chosen, f"{last.role} {last.holder}") if last else "",
        "inherited": [_holding(it, None) for it in inherited[:_PAGE]],
        "inherited_left_out": max(len(inherited) - _PAGE, 0),
        "limited": seen,
        # The least comes first: what a form offers first is what is given by mistake.
        "givable": [role for role in reversed(ROLES) if asking.may("role.assign", role, _SOMEBODY).within_reach],
        "refusal": asking.may("role.assign", "org-admin", _SOMEBODY),
        "allowed": asking.may("role.assign", "app-user", _SOMEBODY),
        "glance": _glance(direct, chosen),
    }


@dataclass(frozen=True)
class _Asking:
    """Asks policy about giving and taking roles around one place, whose holders are known."""

    control: ControlPlane
    visitor: SignedIn
    place: str
    holders: Standing

    def may(self, action: str, role: str, holder: str) -> Decision:
        context = {"role": role, "holder": holder}
        return self.control.authorizer.decide_held(self.visitor.identity, action, self.place, self.holders, context)


def _holding(item: RoleAssignment, asking: _Asking | None) -> Holding:
    removable = asking is not None and asking.may("role.remove", item.role, item.holder).within_reach
    return Holding(item.role, item.holder, person_address(item.holder), item.scope, item.given_by, item.time, removable)


def _places(counts: Mapping[str, int], chosen: str) -> list[Place]:
    """Return where roles are held, and what is chosen, as a tree: the organisation, folders, apps, the rest."""
    scopes = sorted({*counts, chosen}, key=_order)
    return [
        Place(
            _address(it), "the organisation" if it == ORGANIZATION else it, _depth(it), counts.get(it, 0), it == chosen
        )
        for it in scopes
    ]


def _order(scope: str) -> tuple[int, list[str], str]:
    kind, _, path = scope.partition(":")
    return {"organization": 0, "folder": 1, "app": 1}.get(kind, 2), path.split("/"), kind


def _depth(scope: str) -> int:
    return min(len(scope_chain(scope)) - 1, 6)


def _address(scope: str, cursor: str = "") -> str:
    return f"/roles?{urlencode({'scope': scope, **({'cursor': cursor} if cursor else {})})}"


def _glance(direct: Sequence[RoleAssignment], scope: str) -> str:
    where = _WORDS.get(scope, scope)
    if not direct:
        return f"Nobody holds a role right on {where}."
    holders = count(len({it.holder for it in direct}), "name holds", "names hold")
    kinds = Counter(it.role for it in direct)
    listed = ", ".join(f"{number} {role}" for role, number in sorted(kinds.items()))
    return f"On {where} {holders} {count(len(direct), 'role')}: {listed}."
