"""Findings across apps, and the running releases that became unsafe: what is to be mended, by whom and by when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.rereview import Progress, UnsafeRelease
from bailiwick.control.review import FindingFilter, FindingState
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import Kind, State, ago, count

SEVERITIES = ("critical", "high", "medium", "low")
_KINDS: dict[FindingState, Kind] = {
    FindingState.BLOCKING: "bad",
    FindingState.WAIVED: "warn",
    FindingState.TOLD: "plain",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that narrows a list by a click."""

    words: str
    address: str
    on: bool


def add_findings(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of findings and that of unsafe releases."""

    @app.get("/findings", response_class=HTMLResponse)
    def findings(
        request: Request,
        visitor: Visitor,
        app: str = "",
        rule: str = "",
        severity: str = "",
        state: str = "",
        cursor: str = "",
    ) -> Response:
        wanted = FindingFilter(app.strip(), rule.strip(), severity, state)
        with control.store.transaction() as session:
            page = control.findings.list(session, visitor.identity, wanted, cursor=cursor)
        asked = {"app": wanted.app, "rule": wanted.rule, "severity": severity, "state": state}
        apps = len({item.app for item in page.findings})
        more = " on this page" if page.cursor or cursor else ""
        glance = f"{count(len(page.findings), 'finding')} in {count(apps, 'app')}{more}, by each app's newest review."
        return pages.render(
            request,
            "findings",
            visitor,
            lines=[(item, State(item.state.value, _KINDS[item.state])) for item in page.findings],
            glance=glance if page.findings else "Nothing was found that matches.",
            wanted=wanted,
            severities=chips("/findings", asked, "severity", SEVERITIES),
            states=chips("/findings", asked, "state", [item.value for item in FindingState]),
            further=address("/findings", {**asked, "cursor": page.cursor}) if page.cursor else "",
        )

    @app.get("/unsafe", response_class=HTMLResponse)
    def unsafe(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            found = control.rereviews.unsafe(session, visitor.identity)
            progress = control.rereviews.progress(session)
        now = control.clock()
        lines = [(item, ago(item.since, now), item.due < now) for item in found]
        return pages.render(
            request, "unsafe", visitor, lines=lines, glance=unsafe_words(found), progress=progress_words(progress)
        )


def unsafe_words(found: list[UnsafeRelease]) -> str:
    """Return in words how many running releases are unsafe."""
    if not found:
        return "No running release is known to be unsafe."
    return f"{count(len(found), 'running release')} would not pass the review today; nothing was stopped."


def progress_words(progress: Progress) -> str:
    """Return in words what is being reviewed again; empty when nothing is."""
    if not progress.waiting:
        return ""
    waits = "waits" if progress.waiting == 1 else "wait"
    return f"{count(progress.waiting, 'tree')} {waits} to be reviewed again by what reviews go by now."


def chips(path: str, asked: dict[str, str], name: str, choices: Iterable[str]) -> list[Chip]:
    """Return a chip for each choice of a filter, and one for all."""
    found = [Chip("all", address(path, {**asked, name: ""}), not asked[name])]
    return found + [Chip(it, address(path, {**asked, name: it}), asked[name] == it) for it in choices]


def address(path: str, asked: dict[str, Any]) -> str:
    """Return the address of a list with these filters."""
    kept = {key: value for key, value in asked.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path
