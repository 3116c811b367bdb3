"""The page of an app: how it is, what it can reach, what happened to it, what was refused, and its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.audit import AuditQuery, LoggedEvent, search
from bailiwick.control.catalog import App
from bailiwick.control.identity import SignedIn
from bailiwick.control.integrations import day_uses_for
from bailiwick.control.observe import AppStatus, RequestPoint, storage_of, walls_of
from bailiwick.control.release import Release
from bailiwick.control.review import StoredReview
from bailiwick.control.stops import Kill
from bailiwick.core.stops import StopKind, StopScope
from bailiwick.faces.console.addresses import app_addresses, git_address
from bailiwick.faces.console.app_state import mode_state
from bailiwick.faces.console.attacked import broken_words, sandbox_view
from bailiwick.faces.console.attested import attested_view, drift_words
from bailiwick.faces.console.chart import Happening, requests_chart
from bailiwick.faces.console.database_view import add_restores, database_view
from bailiwick.faces.console.day_use_view import day_use_view
from bailiwick.faces.console.design_view import design_view
from bailiwick.faces.console.domains import add_domains, domains_view
from bailiwick.faces.console.egress_view import egress_view
from bailiwick.faces.console.event_view import event_view
from bailiwick.faces.console.evidence import evidence_view
from bailiwick.faces.console.jobs_view import add_jobs, add_pauses, jobs_view
from bailiwick.faces.console.kill_switch import blast_radius
from bailiwick.faces.console.lookup import audience_of
from bailiwick.faces.console.previews import add_previews, previews_view
from bailiwick.faces.console.reach_view import reach_view
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.rollbacks import add_rollbacks, rollback_view
from bailiwick.faces.console.rollouts import add_rollouts, rollout_view
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.storage_view import storage_view
from bailiwick.faces.console.timeline import timeline
from bailiwick.faces.console.words import Stat, State, ago, listed

_FINDINGS_SHOWN = 5
_REFUSED_SHOWN = 20
_ACTIONS = ("push", "kill", "request-deploy", "give-owner", "rollback", "give-up-data", "run-job")


@dataclass(frozen=True, slots=True)
class ModeLine:
    """How an app is in one mode, and where it answers."""

    mode: str
    state: State
    words: str
    address: str


def add_app_page(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an app and its forms: production, a new owner, rollback. Paths hold slashes: forms come first."""
    add_rollbacks(app, control)
    add_rollouts(app, control)
    add_restores(app, control)
    add_previews(app, control)
    add_jobs(app, control)
    add_pauses(app, control)
    add_domains(app, control)

    @app.post("/apps/{path:path}/deploy")
    def deploy(visitor: Writer, path: str, emergency: Annotated[str, Form()] = "") -> Response:
        made = control.deploys.request(visitor.identity, path, emergency=emergency)
        return RedirectResponse(f"/approvals/{made.id}", 303)

    @app.post("/apps/{path:path}/owner")
    def give_owner(visitor: Writer, path: str, person: Annotated[str, Form()]) -> Response:
        with control.store.transaction() as session:
            owner = control.access.identity(session, f"user:{person.strip().lower()}")
        control.catalog.give_owner(visitor.identity, path, owner)
        return RedirectResponse(f"/apps/{path}", 303)

    @app.get("/apps/{path:path}", response_class=HTMLResponse)
    def show(request: Request, visitor: Visitor, path: str) -> Response:
        with control.store.transaction() as session:
            found = control.catalog.readable_app(session, visitor.identity, path)
            content = _content(control, session, visitor, found)
        return pages.render(request, "app", visitor, **content)


def _content(control: ControlPlane, session: Session, visitor: SignedIn, app: App) -> dict[str, Any]:
    now = control.clock()
    statuses = control.observe.statuses(session, app.path)
    stops = control.stops.standing(session, app.path)
    points = control.observe.requests(session, app.path, "production")
    releases = control.releases.releases(session, app.path)
    reach = control.deploys.production_reach(session, app.path)
    design = control.deploys.production_design(session, app)
    review = control.reviews.latest(session, app.path)
    happened = [
        *search(session, AuditQuery(app=app.path, action="app.killed"), limit=20).events,
        *search(session, AuditQuery(app=app.path, action="app.revived"), limit=20).events,
    ]
    refused = search(session, AuditQuery(app=app.path, outcome="refused"), limit=_REFUSED_SHOWN).events
    attested = control.attestations.shown(session, app.path)
    addresses = app_addresses(control.settings, app)
    running = [item for item in statuses if not any(stop.stops(item.mode) for stop in stops)]
    modes = _modes(statuses, stops, addresses)
    sandboxes = control.assurance.of_modes(session, {item.mode for item in statuses})
    return {
        "app": app,
        "ownerless": app.owner in control.identity.departed(session),
        "addresses": addresses,
        "git_url": git_address(control.settings, app),
        "modes": modes,
        "glance": " ".join(filter(None, (_glance(modes, stops, now), drift_words(attested), broken_words(sandboxes)))),
        "attested": [attested_view(item) for item in attested],
        "drifted": bool(drift_words(attested) or broken_words(sandboxes)),
        "opening": control.guardrails.opening(session, app.path),
        "stats": _stats(modes, points, review, refused),
        "stops": stops,
        "stopped": any(stop.own for stop in stops),
        "stopped_everywhere": any(stop.own and not stop.mode for stop in stops),
        "revive": control.stops.explain_lift(session, visitor.identity, StopScope(StopKind.APP, app.path)),
        "radius": blast_radius(control, session, app.path, running),
        "chart": requests_chart(points, _happenings(releases, happened), now),
        "reach": reach_view(app.path, reach) if reach is not None else None,
        "design": design_view(app.path, design, audience_of(control, session, app), design) if design else None,
        "timeline": timeline(control.source.pushes(session, app), control.deploys.deploys(session, app.path), happened),
        "review": review,
        "findings": review.findings[:_FINDINGS_SHOWN] if review else (),
        "refused": [event_view(item) for item in refused],
        **egress_view(control, session, app),
        "storage": [storage_view(item) for item in storage_of(session, app.path)],
        "day_uses": day_use_view(day_uses_for(session, control.authorizer, visitor.identity, now, app=app.path)),
        "sandboxes": [sandbox_view(item) for item in sandboxes],
        "walls": walls_of(session, app.path),
        "evidence": [evidence_view(item) for item in control.observe.evidence(session, app.path)],
        **database_view(control, session, visitor.identity, app),
        **rollback_view(control, session, visitor.identity, app),
        **rollout_view(control, session, visitor.identity, app),
        **domains_view(control, session, visitor.identity, app),
        **previews_view(control, session, visitor.identity, app),
        **jobs_view(control, session, app),
        "may": {
            action: control.authorizer.decide(session, visitor.identity, f"app.{action}", app.resource)
            for action in _ACTIONS
        },
    }


def _modes(statuses: Sequence[AppStatus], stops: Sequence[Kill], addresses: dict[str, str]) -> list[ModeLine]:
    lines = []
    for item in sorted(statuses, key=lambda found: found.mode, reverse=True):
        shown = mode_state(item, stops, item.mode)
        if shown is not None:
            lines.append(ModeLine(item.mode, shown, item.words, addresses[item.mode]))
    return lines


def _glance(modes: Sequence[ModeLine], stops: Sequence[Kill], now: datetime) -> str:
    if stops:
        where = f" in {stops[0].mode}" if stops[0].mode else " everywhere"
        return f"Stopped{where} by {stops[0].by} {ago(stops[0].time, now)}: {stops[0].words}."
    if not modes:
        return "Nothing runs yet: a push makes a preview, an approval brings it to production."
    words = listed([f"{line.mode} is {line.state.word}" for line in modes])
    return f"{words[:1].upper()}{words[1:]}."


def _stats(
    modes: Sequence[ModeLine],
    points: Sequence[RequestPoint],
    review: StoredReview | None,
    refused: Sequence[LoggedEvent],
) -> tuple[Stat, ...]:
    total = sum(point.ok + point.client_errors + point.server_errors for point in points)
    failed = sum(point.server_errors for point in points)
    slowest = max((point.p95_ms for point in points), default=0.0)
    findings = len(review.findings) if review else 0
    return (
        *(Stat(line.mode.capitalize(), line.state.word, kind=line.state.kind) for line in modes),
        Stat("Requests", f"{total:,}", "last hour"),
        Stat("Failed", f"{failed / total:.1%}" if total else "0", "last hour", "bad" if failed else "plain"),
        Stat("Slowest p95", f"{slowest:.0f} ms", "last hour"),
        Stat("Findings", f"{findings}", "last review" if review else "never reviewed"),
        Stat("Refused", f"{len(refused)}{'+' if len(refused) == _REFUSED_SHOWN else ''}", "see below"),
    )


def _happenings(releases: Sequence[Release], stops: Sequence[LoggedEvent]) -> list[Happening]:
    released = [
        Happening(item.created_at, "release", f"release {item.commit[:7]}")
        for item in releases
        if item.mode == "production"
    ]
    changed = [
        Happening(item.event.time, "stop", "stopped")
        if item.event.action == "app.killed"
        else Happening(item.event.time, "release", "revived")
        for item in stops
    ]
    return released + changed
