"""Rules of approval and change windows in the console: what is in force, what was, and the forms that change it."""

from datetime import date
from typing import Annotated, Literal

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.change_windows import ClosedDays, WindowDraft, days_of
from bailiwick.control.gates import RuleDraft, RuleKind, Sensitivity
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

KindOrNone = Literal["automatic", "one", "several", "remove"]


def add_approval_rules(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of rules and its form."""

    @app.get("/approval-rules", response_class=HTMLResponse)
    def listing(request: Request, visitor: Visitor) -> Response:
        service = control.approval_rules
        with control.store.transaction() as session:
            rules = service.rules(session, visitor.identity)
            earlier = service.earlier(session, visitor.identity)
            change = service.explain_change(session, visitor.identity)
            folders = [item.path for item in control.catalog.folders(session)] if change.within_reach else []
            windows = control.change_windows.windows(session, visitor.identity)
        usual = next(item for item in rules if not item.folder and item.sensitivity is Sensitivity.ANY)
        glance = f"{count(len(rules), 'rule')} in force. Where nothing else is said, later deploys are: {usual.words}."
        return pages.render(
            request,
            "approval_rules",
            visitor,
            rules=rules,
            earlier=earlier,
            change=change,
            folders=folders,
            glance=glance,
            windows=windows,
        )

    @app.post("/approval-rules")
    def put(
        visitor: Writer,
        kind: Annotated[KindOrNone, Form()],
        folder: Annotated[str, Form(max_length=300)] = "",
        sensitivity: Annotated[Sensitivity, Form()] = Sensitivity.ANY,
        by: Annotated[str, Form(max_length=1000)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        if kind == "remove":
            control.approval_rules.remove(visitor.identity, folder, sensitivity, reason)
        else:
            draft = RuleDraft(folder, RuleKind(kind), tuple(by.split(",")), sensitivity)
            control.approval_rules.set(visitor.identity, draft, reason)
        return RedirectResponse("/approval-rules", 303)

    @app.post("/approval-rules/windows")
    def put_window(
        visitor: Writer,
        days: Annotated[str, Form(max_length=100)] = "",
        opens: Annotated[str, Form(max_length=5)] = "",
        closes: Annotated[str, Form(max_length=5)] = "",
        zone: Annotated[str, Form(max_length=60)] = "",
        folder: Annotated[str, Form(max_length=300)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.change_windows.set(visitor.identity, WindowDraft(folder, days_of(days), opens, closes, zone), reason)
        return RedirectResponse("/approval-rules#windows", 303)

    @app.post("/approval-rules/windows/close")
    def close_days(
        visitor: Writer,
        name: Annotated[str, Form(max_length=100)],
        first: Annotated[date, Form()],
        last: Annotated[date, Form()],
        zone: Annotated[str, Form(max_length=60)] = "UTC",
        folder: Annotated[str, Form(max_length=300)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.change_windows.close(visitor.identity, folder, ClosedDays(name, first, last), reason, zone)
        return RedirectResponse("/approval-rules#windows", 303)

    @app.post("/approval-rules/windows/remove")
    def remove_window(
        visitor: Writer,
        folder: Annotated[str, Form(max_length=300)] = "",
        closed: Annotated[str, Form(max_length=100)] = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        control.change_windows.remove(visitor.identity, folder, reason, closed)
        return RedirectResponse("/approval-rules#windows", 303)
