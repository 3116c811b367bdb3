"""The overview: every app that the visitor may see, and which of them need somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.identity import SignedIn
from bailiwick.control.observe import AppStatus
from bailiwick.control.release import Deploy
from bailiwick.control.stops import Kill
from bailiwick.control.waivers import WaiverFilter
from bailiwick.faces.console.access_reviews import waiting_words
from bailiwick.faces.console.findings import unsafe_words
from bailiwick.faces.console.freezes import freeze_words
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Stat, State, ago, count, state

_MODES = ("production", "preview")


@dataclass(frozen=True, slots=True)
class AppLine:
    """An app as a row: how it is in each mode, and what waits."""

    path: str
    states: tuple[State | None, ...]
    waiting: str
    made_by: str
    made_at: datetime


def add_overview(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the overview and the form that makes an app."""

    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request, visitor: Visitor, cursor: str = "") -> Response:
        with control.store.transaction() as session:
            page = control.catalog.list_apps(session, visitor.identity, cursor=cursor)
            statuses = {(item.app, item.mode): item for item in control.observe.statuses(session)}
            standing = control.stops.now(session)
            stops = {item.path: standing.on_app(item.path) for item in page.apps}
            inbox = {item.app: item for item in control.deploys.inbox(session, visitor.identity)}
            reviews = waiting_words(control, control.access_reviews.waits_for(session, visitor.identity))
            safety = _safety(control, session, visitor)
            folders = [folder.path for folder in control.catalog.folders(session)]
        lines = [_line(item, statuses, stops[item.path], inbox.get(item.path)) for item in page.apps]
        return pages.render(
            request,
            "overview",
            visitor,
            lines=lines,
            stats=_stats(lines),
            glance=_glance(lines, stops, control.clock()),
            access_reviews=reviews,
            safety=safety,
            further=f"/?{urlencode({'cursor': page.cursor})}" if page.cursor else "",
            first_page=not cursor,
            folders=folders,
            origin=control.settings.public_url,
        )

    @app.post("/apps")
    def create(visitor: Writer, path: Annotated[str, Form()]) -> Response:
        made = control.catalog.create_app(visitor.identity, path.strip())
        return RedirectResponse(f"/apps/{made.path}", 303)


def _safety(control: ControlPlane, session: Session, visitor: SignedIn) -> list[tuple[str, str]]:
    """Return what is to be said of safety, with where it leads: freezes, unsafe releases, and waivers that end soon."""
    unsafe = control.rereviews.unsafe(session, visitor.identity)
    ending = control.waivers.list(session, visitor.identity, WaiverFilter(ending=True)).waivers
    waiting = control.waivers.list(session, visitor.identity, WaiverFilter(state="requested")).waivers
    frozen = freeze_words(control.freezes.seen(session, visitor.identity))
    words = [(frozen, "/freezes")] if frozen else []
    words += [(unsafe_words(unsafe), "/unsafe")] if unsafe else []
    if ending:
        verb = "ends" if len(ending) == 1 else "end"
        words.append((f"{count(len(ending), 'waiver')} {verb} within a week.", "/waivers?ending=true"))
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        words.append((f"{count(len(waiting), 'waiver')} {verb} to be decided.", "/waivers?state=requested"))
    return words


def mode_state(status: AppStatus | None, stops: Sequence[Kill], mode: str) -> State | None:
    """Return how an app is in a mode: a stop outweighs what the plane last said."""
    if status is None:
        return None
    holding = [stop for stop in stops if stop.stops(mode)]
    if holding and all(stop.on_trial for stop in holding):
        return state("on trial")
    return state("killed" if holding else status.status)


def _line(
    app: App, statuses: Mapping[tuple[str, str], AppStatus], stops: Sequence[Kill], deploy: Deploy | None
) -> AppLine:
    states = tuple(mode_state(statuses.get((app.path, mode)), stops, mode) for mode in _MODES)
    waiting = f"/approvals/{deploy.id}" if deploy else ""
    return AppLine(app.path, states, waiting, app.created_by, app.created_at)


def _stats(lines: Sequence[AppLine]) -> tuple[Stat, ...]:
    def having(word: str, place: int) -> int:
        return sum(line.states[place] is not None and line.states[place].word == word for line in lines)  # type: ignore[union-attr]

    running, killed = having("running", 0), having("killed", 0)
    asleep = [f", {found} asleep" if found else "" for found in (having("asleep", 0), having("asleep", 1))]
    return (
        Stat("Apps", f"{len(lines)}", "on this page"),
        Stat("In production", f"{running}", f"running{asleep[0]}", "good" if running else "plain"),
        Stat("Previews", f"{having('running', 1)}", f"running{asleep[1]}"),
        Stat("Stopped", f"{killed}", "by the kill switch", "bad" if killed else "plain"),
    )


def _glance(lines: Sequence[AppLine], stops: Mapping[str, Sequence[Kill]], now: datetime) -> str:
    if not lines:
        return "There is no app yet that you may see."
    needy = [line for line in lines if line.waiting or stops[line.path]]
    if not needy:
        return f"{count(len(lines), 'app')}; nothing waits for you."
    verb = "needs" if len(needy) == 1 else "need"
    first = f"{len(needy)} of {count(len(lines), 'app')} {verb} somebody"
    reasons = []
    waiting = sum(bool(line.waiting) for line in lines)
    if waiting:
        reasons.append(f"{count(waiting, 'deploy')} {'waits' if waiting == 1 else 'wait'} for a decision")
    stopped = [(path, found[0]) for path, found in stops.items() if found]
    reasons += [f"{path} was stopped {ago(stop.time, now)}" for path, stop in stopped[:3]]
    return f"{first}: {'; '.join(reasons)}."
