"""Help and commands: the page that says how the console is used, and what the palette finds."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn, find_people, holders_below
from bailiwick.control.listings import parse
from bailiwick.faces.console.access_words import person_address
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor

_MOST_APPS, _MOST_FOUND = 50, 8
Entry = tuple[str, str]


def add_help(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the help page, and what the palette finds of apps, people, integrations and models."""

    @app.get("/help", response_class=HTMLResponse)
    def help_page(request: Request, visitor: Visitor) -> Response:
        return pages.render(request, "help", visitor)

    @app.get("/commands.json")
    def commands(visitor: Visitor, q: Annotated[str, Query(max_length=100)] = "") -> Response:
        with control.store.transaction() as session:
            found = _found(control, session, visitor, q.strip()) if q.strip() else _first(control, session, visitor)
            return JSONResponse([{"words": words, "address": address} for words, address in found])


def _first(control: ControlPlane, session: Session, visitor: SignedIn) -> Iterator[Entry]:
    apps = control.catalog.list_apps(session, visitor.identity, limit=_MOST_APPS).apps
    yield from ((app.path, f"/apps/{app.path}") for app in apps)
    yield from ((f"kill {app.path}", f"/apps/{app.path}#kill") for app in apps)


def _found(control: ControlPlane, session: Session, visitor: SignedIn, text: str) -> Iterator[Entry]:
    """Yield what has one of the words: a verb before a name ("kill desk") is no part of the name."""
    for word in [word for word in text.split() if len(word) > 1][:3]:
        for name, key, address in (
            ("apps", "app", "/apps/{}"),
            ("integrations", "integration", "/integrations/{}"),
            ("models", "model", "/models#{}"),
        ):
            listing = control.listings.listing(name)
            page = control.listings.page(session, visitor.identity, listing, parse(listing, [(key, word)]), _MOST_FOUND)
            for row in page.rows:
                yield f"{row[key]}{'' if name == 'apps' else f' ({key})'}", address.format(row[key])
                if name == "apps":
                    yield f"kill {row[key]}", f"/apps/{row[key]}#kill"
                else:
                    yield f"stop the {key} {row[key]}", f"/kill/new?kind={key}&subject={row[key]}"
        scopes = control.access.readable_scopes(session, visitor.identity)
        if scopes is None or scopes:
            among = None if scopes is None else holders_below(session, scopes)
            people, _ = find_people(session, text=word, state="", group="", among=among, cursor="", limit=_MOST_FOUND)
            yield from ((f"{person.name} {person.email}", person_address(person.principal)) for person in people)
