"""The page of data planes: which listen, and what each reached of what it must not reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.networks import CONTROL_PLANE, PlaneNetworks
from bailiwick.core.networks import Parting
from bailiwick.faces.console.attacked import SandboxView, plane_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Kind, State, count, listed

_KINDS: dict[Parting, Kind] = {
    Parting.SEPARATE: "good",
    Parting.SHARED: "warn",
    Parting.UNPROVED: "bad",
    Parting.OPEN: "bad",
}
_REACHED = {
    "open": "it answers",
    "refused": "refused",
    "silent": "no answer",
    "unreachable": "no way there",
    "unresolved": "the name is not known there",
    "untried": "could not be tried",
}


@dataclass(frozen=True, slots=True)
class PlaneView:
    """A plane as the page shows it; `connected` is None for the control plane."""

    name: str
    connected: bool | None
    state: State
    seen: PlaneNetworks
    sandbox: SandboxView | None = None


def add_planes(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page."""

    @app.get("/planes", response_class=HTMLResponse)
    def planes(request: Request, visitor: Visitor) -> Response:
        connected = control.hub.connected
        found = control.networks.seen_by(visitor.identity)
        with control.store.transaction() as session:
            attacked = {item.plane: plane_view(control.assurance.of(session, item.plane)) for item in found}
        views = [
            PlaneView(
                item.plane,
                None if item.plane == CONTROL_PLANE else item.plane in connected,
                State(item.parted.parting.value, _KINDS[item.parted.parting]),
                item,
                None if item.plane == CONTROL_PLANE else attacked[item.plane],
            )
            for item in found
        ]
        return pages.render(
            request, "planes", visitor, planes=views, words=_REACHED, glance=_glance(views, control.networks.separate)
        )

    @app.post("/planes/{plane}/attack")
    def attack(visitor: Writer, plane: str) -> Response:
        control.assurance.ask(visitor.identity, plane)
        return RedirectResponse("/planes", 303)


def _glance(views: Sequence[PlaneView], separate: bool) -> str:
    broken = [view.name for view in views if view.sandbox is not None and view.sandbox.state.kind == "bad"]
    if broken:
        return f"An attack got out of the sandboxes of {listed(broken)}."
    bad = [view.name for view in views if not view.seen.parted.ready]
    if bad:
        return f"Not shown to be apart from the other networks: {listed(bad)}."
    if not separate:
        return "The networks of the planes are not separated: the settings say networks: shared."
    return f"{count(len(views), 'network')}, each apart from the others, as was tried from each."
