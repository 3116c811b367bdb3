"""The page of secrets: whose each is, how old, how it is rotated and how that goes; a value is on no page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.reveals import Reveal
from bailiwick.control.rotations import Cause, Rotation, SecretView
from bailiwick.control.rotations import State as Stage
from bailiwick.core.errors import ForbiddenError
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Kind, State, ago, count, listed

_PAGE = "/secrets"
_KINDS: dict[Stage, Kind] = {Stage.DONE: "good", Stage.FAILED: "bad", Stage.BY_HAND: "bad"}


@dataclass(frozen=True, slots=True)
class SecretLine:
    """A secret as the page shows it: `used` by which integrations on which planes; `rotations` on its own page only."""

    found: SecretView
    age: str
    state: State
    used: tuple[tuple[str, str], ...]
    rotations: tuple[tuple[Rotation, State], ...] = ()


def add_secrets(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the pages and the button that rotates."""
    service = control.rotations

    @app.get(_PAGE, response_class=HTMLResponse)
    def secrets(request: Request, visitor: Visitor) -> Response:
        try:
            found, refused = service.secrets(visitor.identity), None
        except ForbiddenError:
            found = []
            with control.store.transaction() as session:
                refused = control.authorizer.explain(session, visitor.identity, "secret.manage", ORGANIZATION)
        lines = _lines(found, control)
        return pages.render(request, "secrets", visitor, lines=lines, refused=refused, glance=_glance(found))

    @app.get(_PAGE + "/{name:path}", response_class=HTMLResponse)
    def secret(request: Request, visitor: Visitor, name: str) -> Response:
        view, rotations = service.secret(visitor.identity, name)
        shown = tuple((item, _state(item)) for item in rotations)
        reveals = [(item, _asked(item)) for item in control.reveals.of(visitor.identity, name)]
        (line,) = _lines([view], control, shown)
        return pages.render(request, "secret", visitor, line=line, reveals=reveals)

    @app.post(_PAGE + "/{name:path}/rotate")
    def rotate(visitor: Writer, name: str, reason: Annotated[str, Form(min_length=1, max_length=2000)]) -> Response:
        service.rotate(visitor.identity, name, reason)
        return RedirectResponse(f"{_PAGE}/{name}", 303)

    @app.post(_PAGE + "/{name:path}/reveals/{reveal}/approve")
    def approve(
        visitor: Writer, name: str, reveal: str, reason: Annotated[str, Form(min_length=1, max_length=2000)]
    ) -> Response:
        control.reveals.approve(visitor.identity, reveal, reason)
        return RedirectResponse(f"{_PAGE}/{name}", 303)


def _lines(
    found: Sequence[SecretView], control: ControlPlane, rotations: tuple[tuple[Rotation, State], ...] = ()
) -> list[SecretLine]:
    with control.store.transaction() as session:
        used = control.integrations.using(session)
    now = control.clock()
    return [
        SecretLine(item, ago(item.created_at, now), _standing(item), tuple(used.get(item.name, ())), rotations)
        for item in found
    ]


def _standing(found: SecretView) -> State:
    newest = found.going or found.last
    return _state(newest) if newest is not None else State("never rotated", "plain")


def _state(rotation: Rotation) -> State:
    leaked = "leaked: " if rotation.cause is Cause.LEAK and rotation.ended_at is None else ""
    words = "a person must store another" if rotation.state is Stage.BY_HAND else rotation.state.value
    return State(leaked + words, _KINDS.get(rotation.state, "bad" if rotation.error else "warn"))


def _asked(reveal: Reveal) -> State:
    if reveal.outcome:
        return State(reveal.outcome, "warn")
    return State("agreed", "warn") if reveal.answered_by else State("asked", "plain")


def _glance(found: Sequence[SecretView]) -> str:
    by_hand = [item.name for item in found if item.going is not None and item.going.state is Stage.BY_HAND]
    if by_hand:
        return f"Leaked, and a person must store another: {listed(by_hand)}."
    failed = [item.name for item in found if item.last is not None and item.last.state is Stage.FAILED]
    if failed:
        return f"Not rotated when it was tried last: {listed(failed)}."
    unread = [item.name for item in found if item.lies is not None and item.lies.fault]
    if unread:
        return f"Their stores do not give them: {listed(unread)}."
    planned = sum(item.next_rotation is not None for item in found)
    return f"{count(len(found), 'secret')}, {planned} of them rotated by a schedule."
