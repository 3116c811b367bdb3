"""History in the console: an app's revisions with who and what made them, and what one push changed."""

from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.diffs import SPLIT, diff_view, view_links
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import ago, count, state


def add_history(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an app's history and that of a push."""

    @app.get("/history/{path:path}", response_class=HTMLResponse)
    def history(request: Request, visitor: Visitor, path: str, cursor: str = "") -> Response:
        with control.store.transaction() as session:
            found = control.catalog.readable_app(session, visitor.identity, path)
            page = control.history.revisions(session, visitor.identity, path, cursor=cursor)
        taken = sum(item.push.accepted for item in page.revisions)
        shown = count(len(page.revisions), "push", "pushes")
        more = " on this page" if page.cursor or cursor else ""
        return pages.render(
            request,
            "history",
            visitor,
            app=found,
            revisions=page.revisions,
            glance=f"{shown}{more}, {taken} of them taken. Who pushed is verified; agent, model and prompt are what "
            "whoever pushed said.",
            further=f"/history/{path}?{urlencode({'cursor': page.cursor})}" if page.cursor else "",
        )

    @app.get("/pushes/{push_id}", response_class=HTMLResponse)
    def push(request: Request, visitor: Visitor, push_id: str, view: str = "", file: str = "") -> Response:
        with control.store.transaction() as session:
            found, revision, before = control.history.revision(session, visitor.identity, push_id)
            review = control.reviews.review(session, revision.push.review)
        content: dict[str, Any] = {"diff": None, **view_links(f"/pushes/{push_id}", view, file)}
        if revision.push.accepted:
            text = control.source.diff(found, before, revision.push.commit)
            content["diff"] = diff_view(text, review.findings, only=file)
        when = ago(revision.push.time, control.clock())
        verb = "Taken" if revision.push.accepted else "Refused"
        return pages.render(
            request,
            "push",
            visitor,
            app=found,
            revision=revision,
            before=before,
            state=state("passed" if revision.push.accepted else "refused"),
            glance=f"{verb} {when}: {count(len(review.findings), 'finding')}.",
            side_by_side=view == SPLIT,
            **content,
        )
