"""Puts the console together: its files, its headers, its errors and its pages."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from bailiwick.control.app import ControlPlane
from bailiwick.faces.console.app_page import add_app_page
from bailiwick.faces.console.approvals import add_approvals
from bailiwick.faces.console.audit import add_audit
from bailiwick.faces.console.audit_event import add_audit_event
from bailiwick.faces.console.errors import add_errors
from bailiwick.faces.console.headers import ProtectingHeaders
from bailiwick.faces.console.help import add_help
from bailiwick.faces.console.kill_switch import add_kill_switch
from bailiwick.faces.console.overview import add_overview
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.reviews import add_reviews
from bailiwick.faces.console.sign_in import add_sign_in

_STATIC = Path(__file__).parent / "static"


def add_console(app: FastAPI, control: ControlPlane) -> None:
    """Add the console's pages to an application. Each does what an API call would; none decides anything."""
    app.state.control = control
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    secure = control.settings.public_url.startswith("https:")
    pages = Pages(control)
    app.add_middleware(ProtectingHeaders, secure=secure)
    add_errors(app, control, pages, secure=secure)
    add_sign_in(app, control, pages, secure=secure)
    pages_of = (
        add_overview,
        add_kill_switch,
        add_app_page,
        add_approvals,
        add_reviews,
        add_audit,
        add_audit_event,
        add_help,
    )
    for add in pages_of:
        add(app, control, pages)
