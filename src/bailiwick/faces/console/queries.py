"""Who ran this query?: a field to paste what is known of it into, and who it was."""

from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.api.queries import WhoBody, look_up
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

_QUESTION = (
    "Paste what you have: a statement or a part of one, a trace, a fingerprint, or a line of the database's log."
)


def add_queries(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the look-up. What is asked is sent in a form: addresses are kept in histories and logs."""

    @app.get("/queries/who", response_class=HTMLResponse)
    def ask(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "audit.read", ORGANIZATION)
        return pages.render(request, "query_who", visitor, asked=WhoBody(), glance=_QUESTION, **_nothing())

    @app.post("/queries/who", response_class=HTMLResponse)
    def answer(
        request: Request,
        visitor: Writer,
        text: Annotated[str, Form(max_length=100_000)] = "",
        table: Annotated[str, Form(max_length=200)] = "",
        row: Annotated[str, Form(max_length=500)] = "",
        since: Annotated[str, Form(max_length=40)] = "",
        cursor: Annotated[str, Form(max_length=20)] = "",
    ) -> Response:
        asked = WhoBody(text=text, table=table.strip(), row=row.strip(), since=since.strip(), cursor=cursor)
        content: dict[str, Any] = _nothing()
        try:
            found = look_up(control, visitor.identity, asked)
        except InvalidInputError as fault:
            glance = f"{fault.message}: {fault.hint}" if fault.hint else fault.message
            return pages.render(request, "query_who", visitor, asked=asked, glance=glance, **content)
        content |= {
            "events": [event_view(item) for item in found.page.events],
            "kind": str(found.asked.kind),
            "facts": found.asked.facts,
            "earlier": found.page.cursor,
        }
        glance = f"{count(len(found.page.events), 'statement')} found{', and more' if found.page.cursor else ''}."
        return pages.render(request, "query_who", visitor, asked=asked, glance=glance, **content)


def _nothing() -> dict[str, Any]:
    return {"events": None, "kind": "", "facts": (), "earlier": ""}
