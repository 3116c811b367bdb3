"""Policies: what is in force, the editor that checks and replays while one writes, and the card of a version."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.policies import PolicySet, PolicyVersion, Replay
from bailiwick.control.versions import State
from bailiwick.core.errors import ForbiddenError
from bailiwick.core.policy import Checked, CustomerSet
from bailiwick.faces.console.policy_view import built_in_view, difference_view, glance_of, marked_lines, state_of
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, start_address
from bailiwick.faces.console.versions import act_of, story_of, version_among, waiting_words
from bailiwick.faces.console.words import count

# A page waits for a replay: it asks this many of the newest questions, the command line all of them.
_ASKED_AGAIN = 2000
_SPREAD_SECONDS = 2.0
_FIRST_TEXT = """@id("only-from-the-office")
@reason("apps are open in the office's network only")
forbid (principal is Person, action == Action::"app.use", resource)
unless { context.request.address.isInRange(ip("10.0.0.0/8")) };
"""
_FIRST_TESTS = """[[test]]
name = "not from home"
roles = ["app-user"]
address = "192.0.2.1"
action = "app.use"
resource = "app:finance/desk"
expect = "deny"
decided_by = "only-from-the-office"
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor."""

    name: str
    scope: str
    text: str
    tests: str
    reason: str = ""

    @property
    def as_set(self) -> CustomerSet:
        """The set as it would be checked."""
        return CustomerSet(self.name or "new", 0, self.scope, self.text)


def _draft(
    name: Annotated[str, Form()] = "",
    scope: Annotated[str, Form()] = ORGANIZATION,
    text: Annotated[str, Form()] = "",
    tests: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Draft:
    # Forms end lines with CR LF (HTML, section 4.10.21.8).
    return Draft(name.strip(), scope, text.replace("\r\n", "\n"), tests.replace("\r\n", "\n"), reason)


Written = Annotated[Draft, Depends(_draft)]


def add_policies(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list, the editor, the card of a version, and the forms that decide."""

    @app.get("/policies", response_class=HTMLResponse)
    def policies(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "policy.read", _anywhere(control, session, visitor))
            sets = control.policies.sets(session, visitor.identity)
            may_write = bool(control.policies.scopes(session, visitor.identity))
        rows = [(item, state_of(item.newest)) for item in sets]
        content: dict[str, Any] = {
            "rows": rows,
            "built_in": built_in_view(),
            "may_write": may_write,
            "glance": _glance(sets),
        }
        return pages.render(request, "policies", visitor, **content)

    @app.get("/policies/edit", response_class=HTMLResponse)
    def edit(request: Request, visitor: Visitor, name: str = "", version: int = 0) -> Response:
        draft = Draft("", ORGANIZATION, _FIRST_TEXT, _FIRST_TESTS)
        with control.store.transaction() as session:
            if name:
                found = _version(control, session, visitor, name, version)
                draft = Draft(found.name, found.scope, found.text, found.tests)
        return _editor(control, pages, request, visitor, draft)

    @app.post("/policies/check", response_class=HTMLResponse)
    def check(request: Request, visitor: Writer, draft: Written) -> Response:
        return _editor(control, pages, request, visitor, draft)

    @app.post("/policies/propose")
    def propose(visitor: Writer, draft: Written) -> Response:
        made = control.policies.propose(
            visitor.identity, draft.name, scope=draft.scope, text=draft.text, tests=draft.tests, reason=draft.reason
        )
        return RedirectResponse(f"/policies/{made.name}/{made.version}", 303)

    @app.get("/policies/{name}/{version}", response_class=HTMLResponse)
    def card(request: Request, visitor: Visitor, name: str, version: int) -> Response:
        with control.store.transaction() as session:
            content = _card(control, session, visitor, name, version)
        return pages.render(request, "policy", visitor, **content)

    @app.post("/policies/{name}/{version}/{verb}")
    def decide(visitor: Writer, name: str, version: int, verb: str, reason: Annotated[str, Form()] = "") -> Response:
        act_of(control.policies, verb)(visitor.identity, name, version, reason)
        if verb == "activate":
            control.spread.look(_SPREAD_SECONDS)
        return RedirectResponse(f"/policies/{name}/{version}", 303)


def _editor(control: ControlPlane, pages: Pages, request: Request, visitor: SignedIn, draft: Draft) -> Response:
    with control.store.transaction() as session:
        scopes = control.policies.scopes(session, visitor.identity)
        if not scopes:
            control.authorizer.require(session, visitor.identity, "policy.propose", ORGANIZATION, {"permits": False})
        chosen = draft if draft.scope in scopes else Draft(draft.name, scopes[0], draft.text, draft.tests, draft.reason)
        checked = control.policies.check(session, visitor.identity, chosen.as_set, chosen.tests)
        replay = _replay(control, session, visitor, chosen.as_set) if not checked.faults else None
    return pages.render(
        request,
        "policy_edit",
        visitor,
        draft=chosen,
        scopes=scopes,
        checked=checked,
        lines=marked_lines(chosen.text, checked.faults) if checked.faults else [],
        replay=replay,
        glance=glance_of(checked, replay),
    )


def _replay(control: ControlPlane, session: Session, visitor: SignedIn, policies: CustomerSet) -> Replay | None:
    """Return what a replay finds, or None for whoever may not see what others were decided about."""
    try:
        return control.policies.replay(session, visitor.identity, policies, most=_ASKED_AGAIN)
    except ForbiddenError:
        return None


def _card(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> dict[str, Any]:
    found = _version(control, session, visitor, name, version)
    versions = control.policies.history(session, visitor.identity, name)
    action = "policy.approve" if found.state is State.PROPOSED else "policy.propose"
    decision = control.policies.may(session, visitor.identity, action, found)
    policies = CustomerSet(found.name, found.version, found.scope, found.text)
    checked = Checked(()) if found.state is State.ACTIVE else control.policies.check(
        session, visitor.identity, policies, found.tests
    )  # fmt: skip
    replay = None
    if found.state is not State.ACTIVE and checked.good:
        replay = _replay(control, session, visitor, policies)
    back, email = f"/policies/{name}/{version}", visitor.identity.principal.name
    return {
        "version": found,
        "versions": [(item, state_of(item)) for item in versions],
        "state": state_of(found),
        "glance": story_of(found, control.clock()),
        "decision": decision,
        "sign_in_again": start_address(back, email=email, wanted=decision.step_up),
        "checked": checked,
        "replay": replay,
        "planes": control.spread.look() if found.state is State.ACTIVE else {},
        "diff": difference_view(name, control.policies.difference(session, visitor.identity, name, version)),
    }


def _version(control: ControlPlane, session: Session, visitor: SignedIn, name: str, version: int) -> PolicyVersion:
    return version_among(control.policies.history(session, visitor.identity, name), version, name)


def _anywhere(control: ControlPlane, session: Session, visitor: SignedIn) -> str:
    """Return a place whose policies somebody may read: the organisation, or else a folder that they look after."""
    if control.authorizer.decide(session, visitor.identity, "policy.read", ORGANIZATION).allowed:
        return ORGANIZATION
    return next(iter(control.policies.scopes(session, visitor.identity)), ORGANIZATION)


def _glance(sets: list[PolicySet]) -> str:
    active = [item for item in sets if item.active is not None]
    if not sets:
        return "The built-in policies decide alone."
    words = f"{count(len(active), 'set')} of your own in force beside the built-in policies"
    return f"{words}; {waiting_words(sets)}."
