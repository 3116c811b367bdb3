"""Alerts: what stands and who answers it, silences, and the rules."""

from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.alerts import AlertState
from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count

_Text = Annotated[str, Form(max_length=2000)]


def add_alerts(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""

    @app.get("/alerts", response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = control.alerts.list(session, visitor.identity)
            rules = control.alerts.rules(session, visitor.identity)
            silences = control.alerts.silences(session, visitor.identity)
            may = control.authorizer.explain(session, visitor.identity, "alert.manage", ORGANIZATION)
        standing = [item for item in found if item.state is not AlertState.RESOLVED]
        return pages.render(
            request,
            "alerts",
            visitor,
            standing=standing,
            over=[item for item in found if item.state is AlertState.RESOLVED][:20],
            rules=rules,
            silences=silences,
            may=may,
            glance=f"{count(len(standing), 'alert')} standing, {count(len(rules), 'rule')} in force.",
        )

    @app.post("/alerts/{alert_id}/acknowledge")
    def acknowledge(visitor: Writer, alert_id: str) -> Response:
        control.alerts.acknowledge(visitor.identity, alert_id)
        return RedirectResponse("/alerts", 303)

    @app.post("/alerts/{alert_id}/resolve")
    def resolve(visitor: Writer, alert_id: str, reason: _Text = "") -> Response:
        control.alerts.resolve(visitor.identity, alert_id, reason)
        return RedirectResponse("/alerts", 303)

    @app.post("/alerts/silence")
    def silence(
        visitor: Writer, rule: _Text = "", key: _Text = "", hours: Annotated[int, Form(ge=1, le=720)] = 1,
        reason: _Text = "",
    ) -> Response:  # fmt: skip
        until = control.clock() + timedelta(hours=hours)
        control.alerts.silence(visitor.identity, rule, key, until, reason)
        return RedirectResponse("/alerts", 303)

    @app.post("/alerts/silences/{silence_id}/end")
    def end_silence(visitor: Writer, silence_id: str, reason: _Text = "") -> Response:
        control.alerts.end_silence(visitor.identity, silence_id, reason)
        return RedirectResponse("/alerts", 303)
