"""People: found by name, state and group, with how much each holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import PersonFacts, find_people, holder_counts, holders_below
from bailiwick.faces.console.access_words import person_address
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import State, count

_PAGE = 50
ACTIVE, OFF = State("active", "good"), State("switched off", "bad")


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as a row."""

    address: str
    email: str
    name: str
    state: State
    groups: int
    roles: int
    signed_in: datetime | None
    directory: str


def add_people(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list of people, and the door to everything about access."""

    @app.get("/access")
    def access(visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            scopes = control.access.readable_scopes(session, visitor.identity)
        mine = person_address(str(visitor.identity.principal))
        return RedirectResponse("/people" if scopes is None or scopes else mine, 303)

    @app.get("/people", response_class=HTMLResponse)
    def people(
        request: Request, visitor: Visitor, text: str = "", state: str = "", group: str = "", cursor: str = ""
    ) -> Response:
        text, state = text.strip(), state if state in {"active", "off"} else ""
        asked = {key: value for key, value in (("text", text), ("state", state), ("group", group)) if value}
        with control.store.transaction() as session:
            scopes = control.access.require_readable_scopes(session, visitor.identity)
            found, further = find_people(
                session,
                text=text,
                state=state,
                group=group,
                among=None if scopes is None else holders_below(session, scopes),
                cursor=cursor,
                limit=_PAGE,
            )
            lines = _lines(session, found, scopes)
        return pages.render(
            request,
            "people",
            visitor,
            lines=lines,
            asked={"text": text, "state": state, "group": group},
            further=f"/people?{urlencode({**asked, 'cursor': further})}" if further else "",
            glance=_glance(lines, more=bool(further or cursor), filtered=bool(asked)),
            limited=scopes,
        )


def _lines(session: Session, people: Sequence[PersonFacts], scopes: Sequence[str] | None) -> list[PersonLine]:
    names = {name for person in people for name in person.names}
    held = holder_counts(session, names, scopes)
    return [
        PersonLine(
            address=person_address(person.principal),
            email=person.email,
            name=person.name,
            state=ACTIVE if person.active else OFF,
            groups=len(person.groups),
            roles=sum(held.get(name, 0) for name in person.names),
            signed_in=person.signed_in,
            directory=person.directory,
        )
        for person in people
    ]


def _glance(lines: Sequence[PersonLine], *, more: bool, filtered: bool) -> str:
    if not lines:
        return "Nobody matches." if filtered else "Nobody has signed in yet, and no directory described anybody."
    without = sum(not line.roles for line in lines)
    off = sum(line.state is OFF and line.roles > 0 for line in lines)
    words = [f"{count(len(lines), 'person', 'people')} {'on this page' if more else 'in all'}"]
    words += [f"{count(without, 'holds', 'hold')} no role"] if without else []
    words += (
        [f"{count(off, 'is', 'are')} switched off and still {'holds' if off == 1 else 'hold'} roles"] if off else []
    )
    return f"{'; '.join(words)}."
