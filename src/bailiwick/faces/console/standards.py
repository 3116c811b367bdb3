"""Coding standards: what is in force, the editor that checks and tries a draft, and the card of a version."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.review import faults_in_standard
from bailiwick.control.standards import AppTrial, StandardSet, StandardVersion
from bailiwick.control.versions import State
from bailiwick.faces.console.policy_view import difference_view, state_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address
from bailiwick.faces.console.versions import act_of, story_of, version_among, waiting_words
from bailiwick.faces.console.words import count

# A page waits for a trial; the command line tries every app, one after the other.
_MOST_TRIED = 20
_FIRST_TEXT = """[standard]
title = "How we build"

[[rule]]
id = "no-requests"
kind = "import"
message = "use httpx, which has timeouts"
fix = "import httpx"
forbid = ["requests"]

[[rule.test]]
expect = "bad"
text = "import requests\\n"

[[rule.test]]
expect = "good"
text = "import httpx\\n"
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor."""

    name: str
    scope: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a draft did to apps: in words, each app that it finds something in, and how many were left out."""

    words: str
    apps: tuple[AppTrial, ...]
    left_out: int


def _draft(
    name: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = ORGANIZATION,
    text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Draft:
    # Forms end lines with CR LF (HTML, section 4.10.21.8).
    return Draft(name.strip(), scope, text.replace("\r\n", "\n"), reason)


Written = Annotated[Draft, Depends(_draft)]


def add_standards(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list, the editor, the card of a version, and the forms that decide."""

    @app.get("/standards", response_class=HTMLResponse)
    def standards(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            sets = control.standards.sets(session, visitor.identity)
            may_write = bool(control.standards.scopes(session, visitor.identity))
        rows = [(item, state_of(item.newest)) for item in sets]
        return pages.render(request, "standards", visitor, rows=rows, may_write=may_write, glance=_glance(sets))

    @app.get("/standards/edit", response_class=HTMLResponse)
    def edit(request: Request, visitor: Visitor, name: str = "", version: int = 0) -> Response:
        draft = Draft("", ORGANIZATION, _FIRST_TEXT)
        with control.store.transaction() as session:
            if name:
                found = _version(control, session, visitor, name, version)
                draft = Draft(found.name, found.scope, found.text)
        return _editor(control, pages, request, visitor, draft)

    @app.post("/standards/check", response_class=HTMLResponse)
    def check(request: Request, visitor: Writer, draft: Written) -> Response:
        return _editor(control, pages, request, visitor, draft)

    @app.post("/standards/try", response_class=HTMLResponse)
    def try_it(request: Request, visitor: Writer, draft: Written) -> Response:
        return _editor(control, pages, request, visitor, draft, _try(control, visitor, draft))

    @app.post("/standards/propose")
    def propose(visitor: Writer, draft: Written) -> Response:
        made = control.standards.propose(
            visitor.identity, draft.name, scope=draft.scope, text=draft.text, reason=draft.reason
        )
        return RedirectResponse(f"/standards/{made.name}/{made.version}", 303)

    @app.get("/standards/{name}/{version}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, name: str, version: int) -> Response:
        with control.store.transaction() as session:
            content = _card(control, session, visitor, name, version)
        return pages.render(request, "standard", visitor, **content)

    @app.post("/standards/{name}/{version}/{verb}")
    def decide(visitor: Writer, name: str, version: int, verb: str, reason: Annotated[str, Form()] = "") -> Response:
        act_of(control.standards, verb)(visitor.identity, name, version, reason)
        return RedirectResponse(f"/standards/{name}/{version}", 303)


def _editor(
    control: ControlPlane,
    pages: Pages,
    request: Request,
    visitor: SignedIn,
    draft: Draft,
    tried: Tried | None = None,
) -> Response:
    with control.store.transaction() as session:
        scopes = control.standards.scopes(session, visitor.identity)
        if not scopes:
            control.authorizer.require(session, visitor.identity, "standard.propose", ORGANIZATION)
    chosen = draft if draft.scope in scopes else Draft(draft.name, scopes[0], draft.text, draft.reason)
    faults = faults_in_standard(chosen.name or "draft", chosen.text)
    words = (
        f"{count(len(faults), 'fault')}: mend it, then it can be proposed."
        if faults
        else "Every rule passes its own tests. Try it on the apps that there are before you propose it."
    )
    return pages.render(
        request, "standard_edit", visitor, draft=chosen, scopes=scopes, faults=faults, glance=words, tried=tried
    )


def _try(control: ControlPlane, visitor: SignedIn, draft: Draft) -> Tried | None:
    """Return what a draft does to the first apps below its place; nothing when it is no standard yet."""
    name = draft.name or "draft"
    if faults_in_standard(name, draft.text):
        return None
    paths = control.standard_trial.apps(visitor.identity, draft.scope)
    found = [
        control.standard_trial.run(visitor.identity, name=name, scope=draft.scope, text=draft.text, app_path=path)
        for path in paths[:_MOST_TRIED]
    ]
    blocked = sum(item.blocks for item in found)
    pushes = sum(item.pushes - item.left_out for item in found)
    of_these = sum(item.blocked for item in found)
    looked = count(pushes, "push", "pushes")
    words = f"{blocked} of {count(len(found), 'app')} would be blocked; of {looked} of the last month, {of_these}."
    shown = tuple(item for item in found if item.findings or item.could_not)
    return Tried(words, shown, len(paths) - len(found))


def _card(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> dict[str, Any]:
    found = _version(control, session, visitor, name, version)
    versions = control.standards.history(session, visitor.identity, name)
    action = "standard.approve" if found.state is State.PROPOSED else "standard.propose"
    decision = control.standards.may(session, visitor.identity, action, found)
    back, email = f"/standards/{name}/{version}", visitor.identity.principal.name
    return {
        "version": found,
        "versions": [(item, state_of(item)) for item in versions],
        "state": state_of(found),
        "glance": story_of(found, control.clock()),
        "decision": decision,
        "sign_in_again": start_address(back, email=email, wanted=decision.step_up),
        "diff": difference_view(name, control.standards.difference(session, visitor.identity, name, version), "toml"),
    }


def _version(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> StandardVersion:
    return version_among(control.standards.history(session, visitor.identity, name), version, name)


def _glance(sets: list[StandardSet]) -> str:
    active = sum(item.active is not None for item in sets)
    if not sets:
        return "No coding standard holds here."
    words = f"{count(active, 'standard')} in force"
    return f"{words}; {waiting_words(sets)}."
