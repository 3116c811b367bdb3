"""The first steps of an installation: each knows by itself whether it is done, and what comes next."""

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.listings import STEPS, steps_taken
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

_WORDS = {
    "directory": (
        "Connect the company's directory",
        "People and groups come from it, and whoever leaves loses everything in seconds.",
        "/directories",
        "bailiwick directory issue-token entra --days 90",
    ),
    "security": (
        "Invite a security administrator",
        "No deploy is approved by whoever made it: a second person decides, and one of them answers for security.",
        "/roles",
        "bailiwick role assign security-admin group:security organization:default",
    ),
    "integration": (
        "Add an integration",
        "A business system, where each plane finds it, and what apps may ask of it. Apps hold no credential.",
        "/integrations",
        "bailiwick integration register orders.yaml",
    ),
    "push": (
        "Push the sample app",
        "It is reviewed on the way in; what passes runs in a preview, sandboxed, on synthetic data.",
        "/inventory/apps",
        "bailiwick demo sample second /tmp/refund-desk\ncd /tmp/refund-desk && bailiwick push finance/refund-desk",
    ),
    "deploy": (
        "Approve its first deploy",
        "The approver sees what it can reach. What runs is what was approved, and proves it at every start.",
        "/approvals",
        "bailiwick deploy finance/refund-desk",
    ),
    "refusal": (
        "See it governed",
        "Let it call a host that it did not declare: the call is refused, and the log says why.",
        "/audit?outcome=refused",
        "",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step: what is done in it, why, where, and by which commands."""

    title: str
    why: str
    address: str
    commands: str
    done: bool
    next: bool


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps, the first that is not done marked as the next."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return all(step.done for step in self.steps)

    @property
    def words(self) -> str:
        """How far one is, in a sentence."""
        left = [step for step in self.steps if not step.done]
        if not left:
            return "All first steps are done."
        taken = len(self.steps) - len(left)
        return f"{taken} of {count(len(self.steps), 'first step')} done; next: {left[0].title.lower()}."


def add_first_run(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page."""

    @app.get("/first-run", response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "settings.read", ORGANIZATION)
            steps = first_steps(control, session, visitor)
        return pages.render(request, "first_run", visitor, steps=steps)


def first_steps(control: ControlPlane, session: Session, visitor: SignedIn) -> Steps | None:
    """Return the steps; nothing to whoever does not run the installation."""
    if not control.authorizer.decide(session, visitor.identity, "settings.read", ORGANIZATION).allowed:
        return None
    taken = steps_taken(session, reads_directories=bool(control.ldap.sources)).facts
    ahead = next((name for name in STEPS if not taken[name]), "")
    return Steps(tuple(Step(*_WORDS[name], taken[name], name == ahead) for name in STEPS))
