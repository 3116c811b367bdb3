"""Service identities: the list of all that is no person, what is remarkable in it, and a page for each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, LoggedEvent, search
from bailiwick.control.identity import ORGANIZATION, ServiceView, SignedIn, Trust
from bailiwick.control.inventory import Entry, Filter, Flag, Kind
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import State, ago, count

_PATH = "/services"
_PAGE = 100
_EVENTS = 20
_FLAGS: dict[Flag, State] = {
    Flag.UNUSED: State("unused", "warn"),
    Flag.EXPIRING: State("expiring", "warn"),
    Flag.EXPIRED: State("expired", "bad"),
    Flag.DISABLED: State("disabled", "plain"),
    Flag.OWNERLESS: State("ownerless", "bad"),
    Flag.UNDOCUMENTED: State("undocumented", "warn"),
}
_Choice = TypeVar("_Choice", bound=StrEnum)
_MADE_HERE = frozenset({Kind.SERVICE, Kind.AGENT})


@dataclass(frozen=True, slots=True)
class Row:
    """An identity as the list shows it."""

    entry: Entry
    flags: tuple[State, ...]
    last_used: str


@dataclass(frozen=True, slots=True)
class TrustLine:
    """Whose tokens stand for an identity, in words."""

    id: str
    issuer: str
    demands: tuple[str, ...]
    audience: str
    keys: str
    last_used: str


def add_services(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list, the page of each, and the form that switches one off."""

    @app.get(_PATH, response_class=HTMLResponse)
    def listed(request: Request, visitor: Visitor, kind: str = "", flag: str = "", after: str = "") -> Response:
        wanted = Filter(_one_of(Kind, kind), _one_of(Flag, flag))
        with control.store.transaction() as session:
            every = control.inventory.entries(session, visitor.identity, Filter())
        found = [entry for entry in every if wanted.wants(entry)]
        rest = [entry for entry in found if _place(entry) > after]
        shown, query = rest[:_PAGE], urlencode({"kind": kind, "flag": flag})
        return pages.render(
            request,
            "services",
            visitor,
            rows=[_row(control, entry) for entry in shown],
            kinds=[item.value for item in Kind],
            flags=[item.value for item in Flag],
            kind=kind,
            flag=flag,
            glance=_glance(every),
            further=f"{_PATH}?{query}&{urlencode({'after': _place(shown[-1])})}" if len(rest) > _PAGE else "",
        )

    @app.get(_PATH + "/{name:path}", response_class=HTMLResponse)
    def one(request: Request, visitor: Visitor, name: str) -> Response:
        with control.store.transaction() as session:
            entry = _visible(control, session, visitor, name)
            past = _history(control, session, visitor, entry)
            asked = {"owner": entry.owner}
            disable = control.authorizer.decide(session, visitor.identity, "service.disable", ORGANIZATION, asked)
        view = control.services.view(visitor.identity, name) if entry.kind in _MADE_HERE else None
        return pages.render(
            request,
            "service",
            visitor,
            row=_row(control, entry),
            view=view,
            trusts=[_trust_line(control, trust) for trust in view.trusts] if view is not None else [],
            glance=_glance_of(entry, view),
            history=[event_view(item) for item in past] if past is not None else None,
            offers_disable=view is not None and entry.enabled and disable.within_reach,
        )

    @app.post(_PATH + "/{name:path}/disable")
    def disable(visitor: Writer, name: str, reason: Annotated[str, Form()] = "") -> Response:
        control.services.disable(visitor.identity, name, reason)
        return RedirectResponse(f"{_PATH}/{name}", 303)


def _visible(control: ControlPlane, session: Session, visitor: SignedIn, name: str) -> Entry:
    every = control.inventory.entries(session, visitor.identity, Filter())
    found = next((entry for entry in every if entry.name == name), None)
    if found is None:
        raise NotFoundError(f"there is no identity '{name[:80]}', or you may not see it")
    return found


def _history(control: ControlPlane, session: Session, visitor: SignedIn, entry: Entry) -> list[LoggedEvent] | None:
    """Return what was done to an identity and by it, newest first; None for whoever may not read the log."""
    if not control.authorizer.decide(session, visitor.identity, "audit.read", ORGANIZATION).allowed:
        return None
    queries = [AuditQuery(resource=entry.name)]
    if entry.principal:
        queries.append(AuditQuery(actor=entry.principal))
    found = {item.sequence: item for query in queries for item in search(session, query, limit=_EVENTS).events}
    return [found[place] for place in sorted(found, reverse=True)][:_EVENTS]


def _glance(every: list[Entry]) -> str:
    if not every:
        return "You own no identity that is no person, and may not see those of others."
    flagged = [entry for entry in every if set(entry.flags) - {Flag.DISABLED}]
    words = count(len(every), "identity that is no person", "identities that are no people")
    if not flagged:
        return f"{words}; all have an owner, are used and go on."
    told = [(flag, sum(flag in entry.flags for entry in every)) for flag in Flag if flag is not Flag.DISABLED]
    remarkable = ", ".join(f"{number} {flag.value}" for flag, number in told if number)
    return f"{words}; {count(len(flagged), 'needs', 'need')} somebody to look: {remarkable}."


def _glance_of(entry: Entry, view: ServiceView | None) -> str:
    if view is not None and not entry.enabled:
        return "It is switched off, or nobody answers for it: nothing of it gets in anywhere."
    if not entry.flags:
        return "It has an owner, is used and goes on."
    return f"Somebody should look: it is {' and '.join(flag.value for flag in entry.flags)}."


def _row(control: ControlPlane, entry: Entry) -> Row:
    used = ago(entry.last_used, control.clock()) if entry.last_used is not None else "never"
    return Row(entry, tuple(_FLAGS[flag] for flag in entry.flags), used)


def _trust_line(control: ControlPlane, trust: Trust) -> TrustLine:
    terms = trust.terms
    subject = f"{terms.subject}… (all that begin so)" if terms.subject_prefix else terms.subject
    demands = ([f"sub = {subject}"] if terms.subject else []) + [
        f"{name} = {value}" for name, value in sorted(terms.claims.items())
    ]
    return TrustLine(
        id=trust.id,
        issuer=terms.issuer,
        demands=tuple(demands),
        audience=terms.audience,
        keys="given here" if terms.jwks is not None else "asked of the issuer",
        last_used=ago(trust.last_used, control.clock()) if trust.last_used is not None else "never",
    )


def _place(entry: Entry) -> str:
    return f"{entry.kind} {entry.name}"


def _one_of(choices: type[_Choice], text: str) -> _Choice | None:
    try:
        return choices(text) if text else None
    except ValueError as fault:
        words = ", ".join(item.value for item in choices)
        raise InvalidInputError(f"'{text[:40]}' cannot be filtered by", hint=f"there are: {words}") from fault
