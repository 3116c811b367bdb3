"""Functions of databases that apps may call: what is in force, the editor that checks, and the card of a version."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.versions import State, Version, VersionSet
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.sql_functions import read_functions
from bailiwick.faces.console.policy_view import difference_view, state_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address
from bailiwick.faces.console.versions import act_of, story_of, version_among, waiting_words
from bailiwick.faces.console.words import count

_FIRST_TEXT = """# one a line, with the types of its arguments
reporting.risk_of(numeric, text)
"""
_WITHDRAWN = {
    State.PROPOSED: "Take your proposal back",
    State.APPROVED: "Take the approved text back",
    State.ACTIVE: "Take it out of force",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor: of which integration, which functions, and why."""

    name: str
    text: str
    reason: str = ""


def _draft(
    name: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Draft:
    # Forms end lines with CR LF (HTML, section 4.10.21.8).
    return Draft(name.strip(), text.replace("\r\n", "\n"), reason)


Written = Annotated[Draft, Depends(_draft)]


def add_sql_functions(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list, the editor, the card of a version, and the forms that decide."""

    @app.get("/sql-functions", response_class=HTMLResponse)
    def functions(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "sql-function.read", ORGANIZATION)
            sets = control.sql_functions.sets(session, visitor.identity)
            may_write = _may_write(control, session, visitor)
            in_force = control.sql_functions.in_force(session)
        rows = [(item, state_of(item.newest), in_force.get(item.name, ())) for item in sets]
        glance = _glance(sets)
        return pages.render(request, "sql_functions", visitor, rows=rows, may_write=may_write, glance=glance)

    @app.get("/sql-functions/edit", response_class=HTMLResponse)
    def edit(request: Request, visitor: Visitor, name: str = "", version: int = 0) -> Response:
        return _editor(control, pages, request, visitor, _begun(control, visitor, name, version))

    @app.post("/sql-functions/check", response_class=HTMLResponse)
    def check(request: Request, visitor: Writer, draft: Written) -> Response:
        return _editor(control, pages, request, visitor, draft)

    @app.post("/sql-functions/propose")
    def propose(visitor: Writer, draft: Written) -> Response:
        made = control.sql_functions.propose(visitor.identity, draft.name, text=draft.text, reason=draft.reason)
        return RedirectResponse(f"/sql-functions/{made.name}/{made.version}", 303)

    @app.get("/sql-functions/{name}/{version}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, name: str, version: int) -> Response:
        with control.store.transaction() as session:
            content = _card(control, session, visitor, name, version)
        return pages.render(request, "sql_function", visitor, **content)

    @app.post("/sql-functions/{name}/{version}/withdraw")
    def withdraw(visitor: Writer, name: str, version: int, reason: Annotated[str, Form()] = "") -> Response:
        control.sql_functions.withdraw(visitor.identity, name, version, reason)
        return RedirectResponse(f"/sql-functions/{name}/{version}", 303)

    @app.post("/sql-functions/{name}/{version}/{verb}")
    def decide(visitor: Writer, name: str, version: int, verb: str, reason: Annotated[str, Form()] = "") -> Response:
        act_of(control.sql_functions, verb)(visitor.identity, name, version, reason)
        return RedirectResponse(f"/sql-functions/{name}/{version}", 303)


def _may_write(control: ControlPlane, session: Session, visitor: SignedIn) -> bool:
    return control.authorizer.decide(session, visitor.identity, "sql-function.propose", ORGANIZATION).allowed


def _begun(control: ControlPlane, visitor: SignedIn, name: str, version: int) -> Draft:
    """Return what an editor begins with: a version that there is, or an example."""
    if not name:
        return Draft("", _FIRST_TEXT)
    with control.store.transaction() as session:
        try:
            found = _version(control, session, visitor, name, version)
        except NotFoundError:
            if version:
                raise
            return Draft(name, _FIRST_TEXT)
    return Draft(found.name, found.text)


def _editor(control: ControlPlane, pages: Pages, request: Request, visitor: SignedIn, draft: Draft) -> Response:
    with control.store.transaction() as session:
        control.authorizer.require(session, visitor.identity, "sql-function.propose", ORGANIZATION)
        databases = control.sql_functions.databases(session)
    fault, found = "", 0
    try:
        found = len(read_functions(draft.text))
    except InvalidInputError as refused:
        fault = f"{refused.message}. {refused.hint}".strip()
    glance = "Mend it, then it can be proposed." if fault else f"{count(found, 'function')} could be called."
    return pages.render(
        request, "sql_function_edit", visitor, draft=draft, databases=databases, fault=fault, glance=glance
    )


def _card(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> dict[str, Any]:
    by, service = visitor.identity, control.sql_functions
    versions = service.history(session, by, name)
    found = version_among(versions, version, name)
    decision = service.may(
        session, by, "sql-function.approve" if found.state is State.PROPOSED else "sql-function.propose", found
    )
    back = f"/sql-functions/{name}/{version}"
    return {
        "version": found,
        "versions": [(item, state_of(item)) for item in versions],
        "state": state_of(found),
        "glance": story_of(found, control.clock()),
        "decision": decision,
        "sign_in_again": start_address(back, email=by.principal.name, wanted=decision.step_up),
        "diff": difference_view(name, service.difference(session, by, name, found.version), "txt"),
        "withdraw": _withdraw_words(control, session, visitor, found),
    }


def _withdraw_words(control: ControlPlane, session: Session, visitor: SignedIn, found: Version) -> str:
    """Return what somebody could take back of a version, empty for nothing."""
    others = found.state is State.PROPOSED and found.author != str(visitor.identity.principal)
    if others or found.state not in _WITHDRAWN or not _may_write(control, session, visitor):
        return ""
    return _WITHDRAWN[found.state]


def _version(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> Version:
    return version_among(control.sql_functions.history(session, visitor.identity, name), version, name)


def _glance(sets: list[VersionSet[Version]]) -> str:
    active = sum(item.active is not None for item in sets)
    if not sets:
        return "Apps call the functions of PostgreSQL that only compute, and no others."
    return f"Of {count(active, 'database')} apps may call more functions; {waiting_words(sets)}."
