"""The files of an app as they stand at a revision, with what was found in them, and why a line is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.identity import SignedIn
from bailiwick.control.review import StoredFinding
from bailiwick.control.source import BlamedLine
from bailiwick.core.errors import NotFoundError
from bailiwick.faces.console.highlighting import code_lines
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count

MOST_BYTES = 512 * 1024
MOST_LINES = 3000
PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of a file: where its reason is shown, its commit (once for each run of lines), and what was found."""

    number: int
    address: str
    commit: str
    code: Markup
    findings: tuple[StoredFinding, ...]


def add_files(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the pages of an app's files."""

    @app.get("/files/{path:path}", response_class=HTMLResponse)
    def files(
        request: Request,
        visitor: Visitor,
        path: str,
        file: Annotated[str, Query(max_length=1000)] = "",
        at: Annotated[str, Query(max_length=40)] = "",
        line: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> Response:
        with control.store.transaction() as session:
            found = control.catalog.readable_app(session, visitor.identity, path)
            commit = control.history.resolve(session, found, at)
            content = _file(control, session, visitor, found, commit, file, at, line) if file else {}
        here = f"/files/{path}"
        return pages.render(
            request,
            "file" if file else "files",
            visitor,
            app=found,
            commit=commit,
            at=at,
            paths=[(it, address(path, it, at)) for it in control.source.paths(found, commit)] if not file else [],
            newest=f"{here}?{urlencode({'file': file})}" if file else here,
            production=f"{here}?{urlencode({'file': file, 'at': PRODUCTION} if file else {'at': PRODUCTION})}",
            **content,
        )


def address(app_path: str, file: str, at: str = "", line: int = 0) -> str:
    """Return where a file, or the reason for a line of it, is shown."""
    query = {"file": file, "at": at, "line": line or ""}
    return f"/files/{app_path}?{urlencode({key: value for key, value in query.items() if value})}" + "#why" * bool(line)


def _file(
    control: ControlPlane, session: Session, visitor: SignedIn, app: App, commit: str, file: str, at: str, line: int
) -> dict[str, Any]:
    content = control.source.content(app, commit, file, most_bytes=MOST_BYTES)
    if content is None:
        raise NotFoundError(
            f"there is no file '{file[:120]}' in {commit[:12]}, or it is too large for a page",
            hint=f"/files/{app.path} lists what there is",
        )
    text = content.decode(errors="replace")
    shown = [] if "\0" in text else text.removesuffix("\n").split("\n")[:MOST_LINES] if text else []
    why = control.history.blame(session, visitor.identity, app.path, file, line, at=at) if line else None
    blamed = control.source.blame(app, commit, file, 1, len(shown)) if shown else []
    push = control.source.accepted(session, app, commit, anywhere=True)
    review = control.reviews.of_tree(session, app.path, push.tree) if push else None
    findings = [item for item in review.findings if item.path == file and not item.commit] if review else []
    return {
        "file": file,
        "line": line,
        "lines": _lines(app.path, file, at, shown, blamed, findings),
        "whole": [item for item in findings if not item.line],
        "review": review,
        "why": why,
        "binary": "\0" in text,
        "glance": f"{count(len(shown), 'line')}, {count(len(findings), 'finding')}. "
        "A line's number leads to why it is there.",
    }


def _lines(
    app_path: str, file: str, at: str, shown: Sequence[str], blamed: Sequence[BlamedLine], findings: list[StoredFinding]
) -> list[CodeLine]:
    by_line: dict[int, list[StoredFinding]] = {}
    for item in findings:
        by_line.setdefault(item.line, []).append(item)
    commits = {item.number: item.commit for item in blamed}
    lines = []
    for number, code in enumerate(code_lines(file, list(shown)), 1):
        commit = commits.get(number, "")
        new = commit != commits.get(number - 1, "")
        where = address(app_path, file, at, number)
        lines.append(CodeLine(number, where, commit[:8] if new else "", code, tuple(by_line.get(number, ()))))
    return lines
