"""The overview: the whole estate at a glance, what waits for the visitor, and what is wrong now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import histogram, parse_terms
from bailiwick.control.identity import ORGANIZATION, SignedIn
from bailiwick.control.listings import RISKS, STATES, Counts
from bailiwick.control.waivers import WaiverFilter
from bailiwick.faces.console.access_reviews import waiting_words
from bailiwick.faces.console.findings import unsafe_words
from bailiwick.faces.console.first_run import first_steps
from bailiwick.faces.console.freezes import freeze_words
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.spend_view import SpendLine, spend_lines
from bailiwick.faces.console.trend import Trend, trend
from bailiwick.faces.console.words import Stat, State, ago, count

_STOPS, _ALL = 5, 100


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody should look at, and where."""

    words: str
    address: str
    state: State


@dataclass(frozen=True, slots=True)
class Square:
    """How many apps are in a state at a risk, and the list of them."""

    count: int
    address: str


def add_overview(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the overview and the form that makes an app."""

    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            counts = control.listings.counts(session, visitor.identity)
            mine = list(_waits(control, session, visitor))
            wrong = list(_wrong(control, session, visitor))
            refused = _refusals(control, session, visitor)
            requests = trend(control.listings.requests(session, visitor.identity))
            spend = spend_lines(control, session, visitor)
            steps = first_steps(control, session, visitor)
        return pages.render(
            request,
            "overview",
            visitor,
            glance=_glance(counts, mine, wrong),
            stats=_stats(counts, mine, refused, spend, requests),
            mine=mine,
            wrong=wrong,
            matrix=_matrix(counts),
            risks=RISKS,
            counts=counts,
            spend=spend,
            trend=requests,
            steps=steps,
        )

    @app.post("/apps")
    def create(visitor: Writer, path: Annotated[str, Form()]) -> Response:
        made = control.catalog.create_app(visitor.identity, path.strip())
        return RedirectResponse(f"/apps/{made.path}", 303)


def _waits(control: ControlPlane, session: Session, visitor: SignedIn) -> Iterator[Notice]:
    deploys = control.deploys.inbox(session, visitor.identity)
    for deploy in deploys[:_STOPS]:
        yield Notice(f"{deploy.app}: a deploy waits for a decision", f"/approvals/{deploy.id}", State("waits", "warn"))
    if len(deploys) > _STOPS:
        yield Notice(f"{count(len(deploys) - _STOPS, 'more deploy')}", "/approvals", State("waits", "warn"))
    if words := waiting_words(control, control.access_reviews.waits_for(session, visitor.identity)):
        yield Notice(words, "/access-reviews", State("waits", "warn"))
    waiting = control.waivers.list(session, visitor.identity, WaiverFilter(state="requested")).waivers
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        words = f"{count(len(waiting), 'waiver')} {verb} to be decided."
        yield Notice(words, "/waivers?state=requested", State("waits", "warn"))
    for _ in control.consents.waiting(session, visitor.identity):
        yield Notice("An app asks for a connection of yours", "/connections", State("asks", "plain"))


def _wrong(control: ControlPlane, session: Session, visitor: SignedIn) -> Iterator[Notice]:
    now, by = control.clock(), visitor.identity
    for kill in control.stops.seen(session, by)[:_STOPS]:
        yield Notice(
            f"{kill.scope.words} was stopped {ago(kill.time, now)}: {kill.because}", "/kill", State("stopped", "bad")
        )
    if unsafe := control.rereviews.unsafe(session, by):
        yield Notice(unsafe_words(unsafe), "/unsafe", State("unsafe", "bad"))
    if frozen := freeze_words(control.freezes.seen(session, by)):
        yield Notice(frozen, "/freezes", State("frozen", "warn"))
    ending = control.waivers.list(session, by, WaiverFilter(ending=True)).waivers
    if ending:
        verb = "ends" if len(ending) == 1 else "end"
        words = f"{count(len(ending), 'waiver')} {verb} within a week."
        yield Notice(words, "/waivers?ending=true", State("ends", "warn"))
    if not control.authorizer.decide(session, by, "settings.read", ORGANIZATION).allowed:
        return
    connected = control.hub.connected
    for plane in control.settings.planes:
        if plane not in connected:
            yield Notice(f"The data plane {plane} is not connected", "/planes", State("cut off", "bad"))
        if control.assurance.of(session, plane).broken:
            yield Notice(f"An attack got out of the sandboxes of {plane}", "/planes", State("broken", "bad"))
    yield from (Notice(words, "/planes", State("open", "bad")) for words in control.networks.in_the_way(session))


def _refusals(control: ControlPlane, session: Session, visitor: SignedIn) -> int | None:
    if not control.listings.sees_all(session, visitor.identity):
        return None
    now = control.clock()
    return histogram(session, parse_terms(["outcome=refused", "since=24h"], now), now).total


def _stats(
    counts: Counts, mine: Sequence[Notice], refused: int | None, spend: Sequence[SpendLine], requests: Trend | None
) -> tuple[Stat, ...]:
    killed, high = counts.of(production="killed"), counts.of(risk="high")
    fullest = max((line.percent for line in spend), default=None)
    return (
        Stat(
            "Apps",
            f"{counts.of():,}{'' if counts.whole else '+'}",
            f"{counts.of(production='running'):,} in production",
        ),
        Stat("High risk", f"{high:,}", "in production", "bad" if high else "plain"),
        Stat("Stopped", f"{killed:,}", "by the kill switch", "bad" if killed else "plain"),
        Stat("Waits for you", f"{len(mine)}", "below", "warn" if mine else "plain"),
        *([Stat("Refused", f"{refused:,}", "in a day")] if refused is not None else []),
        *(
            [Stat("Fullest budget", f"{fullest} %", "of models", "bad" if fullest >= _ALL else "plain")]
            if fullest is not None
            else []
        ),
        *([Stat("Requests", f"{requests.total:,}", f"in a day, {requests.failed:,} failed")] if requests else []),
    )


def _matrix(counts: Counts) -> list[tuple[str, list[Square]]]:
    return [
        (
            state,
            [
                Square(counts.of(production=state, risk=risk), f"/inventory/apps?production={state}&risk={risk}")
                for risk in RISKS
            ],
        )
        for state in STATES
        if counts.of(production=state)
    ]


def _glance(counts: Counts, mine: Sequence[Notice], wrong: Sequence[Notice]) -> str:
    if not counts.of():
        return "There is no app yet that you may see."
    apps = f"{'More than ' if not counts.whole else ''}{count(counts.of(), 'app')}"
    bad = [notice for notice in wrong if notice.state.kind == "bad"]
    parts = [f"{count(len(mine), 'thing')} {'waits' if len(mine) == 1 else 'wait'} for you"] if mine else []
    parts += [f"{count(len(bad), 'thing is', 'things are')} wrong now: {bad[0].words.rstrip('.')}"] if bad else []
    return f"{apps}; {'; '.join(parts)}." if parts else f"{apps}; nothing waits for you, and nothing is wrong."
