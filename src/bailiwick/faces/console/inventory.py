"""The inventory: every list of what there is, as a page that is sorted, narrowed, saved, exported and acted on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn
from bailiwick.control.listings import (
    LISTINGS,
    Asked,
    Found,
    Listing,
    Row,
    find_view,
    parse,
    remove_view,
    save_view,
    views_of,
)
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.tables.bulk import Action, act, action_of, chosen, offered
from bailiwick.faces.console.tables.exporting import csv_lines, json_lines
from bailiwick.faces.console.tables.view import address, table_view
from bailiwick.faces.console.told import Told, tell
from bailiwick.faces.console.words import count

Ticked = Annotated[list[str], Form(default_factory=list)]
_PAGE, _AT_ONCE = 50, 1000
LISTS = tuple((item.name, item.title) for item in LISTINGS.values())


def add_inventory(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the lists, their views, their files and what is done with their rows."""
    _add_pages(app, control, pages)
    _add_views(app, control)
    _add_bulk(app, control, pages)


def _add_pages(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/apps")
    @app.get("/inventory")
    def start(_visitor: Visitor) -> Response:
        return RedirectResponse("/inventory/apps", 303)

    @app.get("/inventory/{name}.csv")
    def as_csv(request: Request, visitor: Visitor, name: str) -> Response:
        return _file(control, request, visitor, name, "csv")

    @app.get("/inventory/{name}.json")
    def as_json(request: Request, visitor: Visitor, name: str) -> Response:
        return _file(control, request, visitor, name, "json")

    @app.get("/inventory/{name}", response_class=HTMLResponse)
    def listed(request: Request, visitor: Visitor, name: str) -> Response:
        listing = control.listings.listing(name)
        asked = parse(listing, request.query_params.multi_items())
        with control.store.transaction() as session:
            found = control.listings.page(session, visitor.identity, listing, asked, _PAGE)
            keys = [str(row[listing.key]) for row in found.rows]
            actions = offered(control, session, visitor.identity, name, keys)
            views = views_of(session, str(visitor.identity.principal), name)
            folders = [item.path for item in control.catalog.folders(session)] if name == "apps" else []
        table = table_view(listing, asked, found, f"/inventory/{name}")
        return pages.render(
            request, "inventory", visitor, table=table, actions=actions, views=views, lists=LISTS, folders=folders,
            glance=_glance(asked, found),
        )  # fmt: skip


def _add_views(app: FastAPI, control: ControlPlane) -> None:
    secure = control.settings.public_url.startswith("https:")

    @app.get("/views/{view_id}")
    def view(_visitor: Visitor, view_id: str) -> Response:
        with control.store.transaction() as session:
            found = find_view(session, view_id)
        return RedirectResponse(address(f"/inventory/{found.listing}", found.pairs), 303)

    @app.post("/inventory/{name}/views")
    async def keep(request: Request, visitor: Writer, name: str, called: Annotated[str, Form()] = "") -> Response:
        form = await request.form()
        listing = control.listings.listing(name)
        pairs = [
            (key, str(value)) for key, value in form.multi_items() if key not in {"csrf_token", "called", "undone"}
        ]
        parse(listing, pairs)
        with control.store.transaction() as session:
            kept = save_view(session, control.audit, str(visitor.identity.principal), name, called, pairs)
        response = RedirectResponse(address(f"/inventory/{name}", pairs), 303)
        tell(response, visitor, Told(f"The view “{kept.name}” is kept. Its address: /views/{kept.id}"), secure=secure)
        return response

    @app.post("/views/{view_id}/remove")
    def remove(visitor: Writer, view_id: str) -> Response:
        with control.store.transaction() as session:
            gone = remove_view(session, control.audit, str(visitor.identity.principal), view_id)
        fields = (("called", gone.name), *gone.pairs)
        told = Told(f"The view “{gone.name}” is removed.", f"/inventory/{gone.listing}/views", fields)
        response = RedirectResponse(f"/inventory/{gone.listing}", 303)
        tell(response, visitor, told, secure=secure)
        return response


def _add_bulk(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    secure = control.settings.public_url.startswith("https:")

    def confirm(
        request: Request, visitor: SignedIn, name: str, what: Action, keys: Sequence[str], fault: str
    ) -> Response:
        with control.store.transaction() as session:
            may = set(what.may(control, session, visitor.identity, keys))
        return pages.render(
            request, "bulk", visitor, 422 if fault else 200, listing=control.listings.listing(name), action=what,
            keys=[key for key in keys if key in may], left=[key for key in keys if key not in may],
            typed=what.typed(len(may)), fault=fault,
        )  # fmt: skip

    @app.post("/inventory/{name}/choose", response_class=HTMLResponse)
    def choose(request: Request, visitor: Writer, name: str, row: Ticked, action: Annotated[str, Form()]) -> Response:
        return confirm(request, visitor, name, action_of(name, action), chosen(row), "")

    @app.post("/inventory/{name}/act")
    def do(
        request: Request,
        visitor: Writer,
        name: str,
        row: Ticked,
        action: Annotated[str, Form()],
        reason: Annotated[str, Form(max_length=2000)] = "",
        typed: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        keys, what = chosen(row), action_of(name, action)
        if typed.strip().lower() != what.typed(len(keys)):
            # Asked again here: a browser cannot go back to a page that answered a form and is not kept.
            return confirm(request, visitor, name, what, keys, f"Nothing was done. Type: {what.typed(len(keys))}")
        came = act(control, visitor.identity, what, keys, reason)
        back = [("action", what.back), ("reason", f"undone: {reason}"), *(("row", key) for key in came.done)]
        undo = f"/inventory/{name}/act" if what.back and came.done else ""
        response = RedirectResponse(f"/inventory/{name}", 303)
        tell(response, visitor, Told(came.words(what), undo, back if undo else ()), secure=secure)
        return response


def _file(control: ControlPlane, request: Request, visitor: SignedIn, name: str, kind: str) -> Response:
    listing = control.listings.listing(name)
    asked = parse(listing, request.query_params.multi_items())
    columns = [item for item in listing.columns if not asked.shown or item.name in asked.shown]
    with control.store.transaction() as session:
        # Asked here, so that a refusal is an answer and not half a file.
        first = control.listings.page(session, visitor.identity, listing, asked, _AT_ONCE)
        control.audit.note(session, str(visitor.identity.principal), "list.exported", f"list:{name}")
    rows = _every_row(control, visitor, listing, asked, first)
    lines = csv_lines(columns, rows) if kind == "csv" else json_lines(columns, rows)
    media = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
    return StreamingResponse(
        lines, media_type=media, headers={"content-disposition": f'attachment; filename="{name}.{kind}"'}
    )


def _every_row(control: ControlPlane, visitor: SignedIn, listing: Listing, asked: Asked, page: Found) -> Iterator[Row]:
    yield from page.rows
    while page.cursor:
        with control.store.transaction() as session:
            here = replace(asked, cursor=page.cursor)
            page = control.listings.page(session, visitor.identity, listing, here, _AT_ONCE)
        yield from page.rows


def _glance(asked: Asked, found: Found) -> str:
    rows, what = len(found.rows), "that match" if asked.filters else "that you may see"
    if not rows:
        return "Nothing matches." if asked.filters else "There is nothing here yet that you may see."
    if found.cursor or asked.cursor:
        return f"{count(rows, 'row')} on this page, of those {what}."
    return f"{count(rows, 'row')} {what}."
