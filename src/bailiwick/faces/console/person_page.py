"""A person's page: who they are, what they hold and through what, what that lets them do, and what they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, LoggedEvent, search
from bailiwick.control.identity import (
    ORGANIZATION,
    LiveCredential,
    PersonFacts,
    RoleAssignment,
    SignedIn,
    live_credentials,
    person_facts,
    roles_of,
)
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.faces.console.access_words import RightLine, right_lines, role_lines
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.people import ACTIVE, OFF
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import ago, count

_EVENTS = 20
_MOST_SCOPES = 40
_MOST_APPS = 50


@dataclass(frozen=True, slots=True)
class Seeing:
    """What the visitor may see of somebody: everything, what is in some folders, or themselves."""

    own: bool
    scopes: Sequence[str] | None
    audit: bool
    revoke: bool

    @property
    def whole(self) -> bool:
        """Whether nothing of the person is hidden."""
        return self.own or self.scopes is None


def add_person_page(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add a person's page, and the forms that end what they hold."""

    @app.post("/people/{email:path}/revoke")
    def revoke(visitor: Writer, email: str, reason: Annotated[str, Form()] = "") -> Response:
        control.identity.revoke_principal(visitor.identity, f"user:{email}", reason)
        return RedirectResponse(f"/people/{quote(email, safe='@')}", 303)

    @app.post("/people/{email:path}/release")
    def release(visitor: Writer, email: str, reason: Annotated[str, Form()] = "") -> Response:
        control.identity.release_person(visitor.identity, f"user:{email}", reason)
        return RedirectResponse(f"/people/{quote(email, safe='@')}", 303)

    @app.get("/people/{email:path}", response_class=HTMLResponse)
    def person(request: Request, visitor: Visitor, email: str) -> Response:
        with control.store.transaction() as session:
            content = _content(control, session, visitor, email)
        return pages.render(request, "person", visitor, **content)


def _content(control: ControlPlane, session: Session, visitor: SignedIn, email: str) -> dict[str, Any]:
    found, seeing = person_facts(session, email), _seeing(control, session, visitor, email)
    held = roles_of(session, found.names, None if seeing.whole else seeing.scopes) if found else []
    # To a folder's administrator, whoever holds nothing in the folder looks as if there were nobody.
    if found is None or not (seeing.whole or held):
        raise NotFoundError(f"nobody here is called '{email[:80]}', or you may not see them")
    credentials = live_credentials(session, email, control.clock()) if seeing.whole else []
    apps = control.catalog.list_apps(session, visitor.identity, owned_by={found.principal}, limit=_MOST_APPS)
    return {
        "person": found,
        "seeing": seeing,
        "state": ACTIVE if found.active else OFF,
        "glance": _glance(control, found, held, credentials, seeing),
        "roles": role_lines(held, found.principal),
        "rights": _rights(control, session, found, held, visitor.identity.address),
        "rights_left_out": max(len({it.scope for it in held}) - _MOST_SCOPES, 0),
        "credentials": credentials,
        "radius": _radius(credentials),
        "apps": apps.apps,
        "more_apps": bool(apps.cursor),
        "history": [event_view(it) for it in _history(session, found.principal)] if seeing.audit else [],
        "refused": [event_view(it) for it in _refused(session, found.principal)] if seeing.own else [],
        "who_can": f"/who-can?{urlencode({'principal': found.principal})}",
    }


def _seeing(control: ControlPlane, session: Session, visitor: SignedIn, email: str) -> Seeing:
    identity = visitor.identity
    own = str(identity.principal) == f"user:{email}"
    access = control.access
    scopes = access.readable_scopes(session, identity) if own else access.require_readable_scopes(session, identity)
    audit = control.authorizer.decide(session, identity, "audit.read", ORGANIZATION).allowed
    revoke = control.authorizer.decide(session, identity, "person.revoke", ORGANIZATION).within_reach
    return Seeing(own, scopes, audit, revoke)


def _rights(
    control: ControlPlane, session: Session, person: PersonFacts, held: Sequence[RoleAssignment], address: str
) -> list[RightLine]:
    """Ask policy about each place where the person holds a role: there is nothing that they may do elsewhere."""
    identity = control.access.identity(session, person.principal, address=address)
    scopes = list(dict.fromkeys(it.scope for it in held))[:_MOST_SCOPES]
    return right_lines(control.access.rights(session, identity, scopes))


def _history(session: Session, principal: str) -> list[LoggedEvent]:
    """Return the newest of what somebody did and what was done to them."""
    did = search(session, AuditQuery(actor=principal), limit=_EVENTS).events
    met = search(session, AuditQuery(resource=principal), limit=_EVENTS).events
    found = {item.sequence: item for item in (*did, *met)}
    return [found[sequence] for sequence in sorted(found, reverse=True)[:_EVENTS]]


def _refused(session: Session, principal: str) -> tuple[LoggedEvent, ...]:
    query = AuditQuery(actor=principal, outcome=Outcome.REFUSED.value)
    return search(session, query, limit=_EVENTS).events


def _glance(
    control: ControlPlane,
    person: PersonFacts,
    held: Sequence[RoleAssignment],
    credentials: Sequence[LiveCredential],
    seeing: Seeing,
) -> str:
    came = f"last signed in {ago(person.signed_in, control.clock())}" if person.signed_in else "never signed in"
    places = count(len({it.scope for it in held}), "place")
    where = "" if seeing.whole else " that you look after"
    words = [f"{'Active' if person.active else 'Switched off'}", came]
    words.append(f"holds {count(len(held), 'role')} in {places}{where}" if held else "holds no role")
    words += [f"{count(len(credentials), 'session or token', 'sessions and tokens')} still open"] if credentials else []
    return f"{', '.join(words)}."


def _radius(credentials: Sequence[LiveCredential]) -> str:
    if not credentials:
        return "No session or token of theirs is open now; passes at apps, if there are any, end too."
    kinds: dict[str, int] = {}
    for item in credentials:
        kinds[item.kind] = kinds.get(item.kind, 0) + 1
    listed = ", ".join(count(number, kind) for kind, number in kinds.items())
    return f"Ends {listed}, and every pass at an app, on all planes within seconds. What runs in their name is cut."
