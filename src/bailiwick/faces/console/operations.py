"""Operations at a glance: planes, their networks, jobs, upgrades, backups, and settings with what drifted."""

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, LoggedEvent, search
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.networks import CONTROL_PLANE
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import State, count
from bailiwick.version import product_version

_LAST = 10
# What the log has of each: the last of it is shown, and all of it is a search away.
_KINDS = (
    ("Upgrades of Bailiwick", "upgrade.*", "bailiwick upgrade check\nbailiwick upgrade status"),
    ("Backups", "backup.*", "bailiwick backup --help"),
    ("Jobs of apps", "job.*", "bailiwick job list finance/refund-desk"),
)


@dataclass(frozen=True, slots=True)
class PlaneLine:
    """A plane: whether it is connected, how its network stands, and what came of attacking its sandboxes."""

    name: str
    state: State
    network: str
    attacked: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What happened last of a kind, where all of it is, and how it is done."""

    title: str
    events: tuple[object, ...]
    address: str
    commands: str


def add_operations(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page."""

    @app.get("/operations", response_class=HTMLResponse)
    def page(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "settings.read", ORGANIZATION)
        planes = _planes(control, visitor)
        drifts = [drift for drift in control.declared.drifts(visitor.identity) if drift.ended is None]
        lost = [line.name for line in planes if line.state.kind == "bad"]
        words = f"not connected: {', '.join(lost)}" if lost else "all connected"
        glance = f"Version {product_version()}; {count(len(planes), 'plane')}, {words}; " + (
            f"{count(len(drifts), 'place')} drifted from the settings." if drifts else "no setting drifted."
        )
        return pages.render(
            request, "operations", visitor, planes=planes, drifts=drifts, kinds=_kinds(control, visitor), glance=glance
        )


def _planes(control: ControlPlane, visitor: SignedIn) -> list[PlaneLine]:
    connected, known = control.hub.connected, control.networks.seen_by(visitor.identity)
    with control.store.transaction() as session:
        return [
            PlaneLine(
                item.plane,
                State("here", "plain") if item.plane == CONTROL_PLANE
                else State("connected", "good") if item.plane in connected else State("not connected", "bad"),
                item.parted.parting.value,
                "" if item.plane == CONTROL_PLANE else control.assurance.of(session, item.plane).words,
            )
            for item in known
        ]  # fmt: skip


def _kinds(control: ControlPlane, visitor: SignedIn) -> list[Kind]:
    with control.store.transaction() as session:
        reads = control.authorizer.decide(session, visitor.identity, "audit.read", ORGANIZATION).allowed

        def last(action: str) -> tuple[LoggedEvent, ...]:
            return tuple(search(session, AuditQuery(action=action), limit=_LAST).events) if reads else ()

        return [
            Kind(title, tuple(map(event_view, last(action))), f"/audit?action={action}", commands)
            for title, action, commands in _KINDS
        ]
