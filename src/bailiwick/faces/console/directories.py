"""The directories' page: how each stands, what of it could not be taken over, and reading one again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.identity.directory import DirectoryView, Run, StandingProblem
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Stat, State, ago, count, state

_PROBLEMS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class DirectoryCard:
    """A directory as its part of the page shows it; `waits` is whether a reading stopped and asks."""

    name: str
    protocol: str
    state: State
    stats: tuple[Stat, ...]
    words: str
    waits: bool
    is_read: bool
    problems: tuple[StandingProblem, ...]
    more_problems: int
    runs: tuple["RunLine", ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One reading of a directory as a row."""

    time: datetime
    state: State
    by: str
    words: str


def add_directories(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of directories and the form that has one read."""

    @app.get("/directories", response_class=HTMLResponse)
    def directories(request: Request, visitor: Visitor) -> Response:
        found = control.directory.directories(visitor.identity)
        now = control.clock()
        with control.store.transaction() as session:
            may = control.authorizer.decide(session, visitor.identity, "directory.manage", ORGANIZATION)
        return pages.render(
            request,
            "directories",
            visitor,
            cards=[_card(item, now) for item in found],
            glance=_glance(found),
            may_read=may.within_reach,
            origin=control.settings.public_url,
        )

    @app.post("/directories/{name}/sync")
    def sync(
        visitor: Writer, name: str, dry_run: Annotated[bool, Form()] = False, accept: Annotated[bool, Form()] = False
    ) -> Response:
        control.ldap.ask(visitor.identity, name, dry_run=dry_run, accept=accept)
        return RedirectResponse("/directories", 303)


def _card(item: DirectoryView, now: datetime) -> DirectoryCard:
    problems = len(item.problems)
    return DirectoryCard(
        name=item.name,
        protocol={"ldap": "read over LDAP", "scim": "over SCIM"}[item.protocol],
        state=_state(item),
        stats=(
            Stat("People", f"{item.active:,}", f"of {item.people:,} may sign in"),
            Stat("Groups", f"{item.groups:,}"),
            Stat("Problems", f"{problems:,}", "not taken over" if problems else "", "bad" if problems else "plain"),
            Stat("Last news", ago(item.changed, now) if item.changed else "none", "when something changed"),
        ),
        words=item.last.words if item.last else "",
        waits=item.last is not None and item.last.state == "held",
        is_read=item.protocol == "ldap",
        problems=item.problems[:_PROBLEMS_SHOWN],
        more_problems=max(problems - _PROBLEMS_SHOWN, 0),
        runs=tuple(_line(run) for run in item.runs),
    )


def _state(item: DirectoryView) -> State:
    if item.protocol == "scim":
        return State("tells us", "good") if item.people else State("silent", "warn")
    if item.runs and item.runs[0].finished is None:
        return State(item.runs[0].state, "plain")
    return state(item.last.state) if item.last else State("never read", "warn")


def _line(run: Run) -> RunLine:
    counts = run.counts
    parts = [f"{counts[key]} {key.replace('_', ' ')}" for key in ("added", "changed", "removed") if key in counts]
    of = f"{run.stage} {run.done} of {run.total}" if run.total else f"{run.stage} {run.done}"
    said = ", ".join(parts) if run.finished else of
    how = " (dry run)" if run.dry_run else ""
    return RunLine(run.asked, state(run.state), run.asked_by, "; ".join(filter(None, [said, run.words])) + how)


def _glance(found: Sequence[DirectoryView]) -> str:
    if not found:
        return "No directory describes people yet: whoever signs in is known by what their identity provider says."
    waiting = [item.name for item in found if item.last and item.last.state == "held"]
    failed = [item.name for item in found if item.last and item.last.state == "failed"]
    problems = sum(len(item.problems) for item in found)
    if waiting:
        return f"{waiting[0]} stopped and waits for an answer: a reading would switch off many people."
    if failed:
        return f"{failed[0]} could not be read; people are as it said before."
    active = sum(item.active for item in found)
    words = f"{count(active, 'person', 'people')} of {count(len(found), 'directory', 'directories')} may sign in"
    return (
        f"{words}; {count(problems, 'problem')} {'needs' if problems == 1 else 'need'} somebody."
        if problems
        else f"{words}."
    )
