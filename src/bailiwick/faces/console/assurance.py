"""The assurance page: the seven controls with their evidence and gaps, on paper and as JSON too."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.controls import Control, Report, Standing
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import State, count
from bailiwick.version import product_version

STATES = {
    Standing.HOLDS: State("holds", "good"),
    Standing.GAP: State("gap", "warn"),
    Standing.NOT_MEASURED: State("not measured", "warn"),
    Standing.FAILED: State("failed", "bad"),
}


def add_assurance(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and the report as a file."""

    @app.get("/assurance", response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            report = control.controls.report(session, visitor.identity)
        return pages.render(
            request, "assurance", visitor, report=report, states=STATES, glance=_glance(report),
            version=product_version(),
            key=control.audit_key.public_text, origin=control.settings.public_url,
        )  # fmt: skip

    @app.get("/assurance.json")
    def as_json(visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            report = control.controls.report(session, visitor.identity)
            control.audit.note(session, str(visitor.identity.principal), "controls.exported", "installation")
        body = {"made": report.made.isoformat(), "version": product_version(),
                "audit_key": control.audit_key.public_text,
                "controls": [_json(item) for item in report.controls]}  # fmt: skip
        return JSONResponse(body, headers={"content-disposition": 'attachment; filename="controls.json"'})


def _json(control: Control) -> dict[str, Any]:
    return {
        "name": control.name,
        "title": control.title,
        "standing": control.standing.value,
        "proved": control.proved.isoformat() if control.proved else None,
        "checks": [
            {
                "requirement": check.requirement,
                "promise": check.promise,
                "standing": check.standing.value,
                "found": check.found,
                "proved": check.proved.isoformat() if check.proved else None,
                "evidence": check.evidence,
            }
            for check in control.checks
        ],
    }


def _glance(report: Report) -> str:
    holds, every = report.count(Standing.HOLDS), len(report.controls)
    failed = [item.title for item in report.controls if item.standing is Standing.FAILED]
    gaps = sum(len(item.gaps) for item in report.controls)
    words = f"{holds} of {count(every, 'control')} {'holds' if holds == 1 else 'hold'}; {count(gaps, 'gap')} to close"
    return f"{words}; failed: {', '.join(failed)}." if failed else f"{words}."
