"""What an app wrote, in the console: its newest lines, by text and by the trace of a request."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field

from bailiwick.control.app import ControlPlane
from bailiwick.core.errors import BailiwickError, ForbiddenError
from bailiwick.core.messages import LOG_SEVERITIES, LogAnswer
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor
from bailiwick.faces.console.words import count
from bailiwick.faces.logs import LogAsked

_MODES = ("preview", "production")
_SPANS = (50, 200, 500)


class _Wanted(LogAsked):
    """As a form sends it: what is left empty is not asked."""

    trace: Annotated[
        str,
        BeforeValidator(lambda told: told.strip().lower() if isinstance(told, str) else told),
        Field(pattern=r"^([0-9a-f]{32})?$"),
    ] = ""


def add_logs(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page of an app's log."""

    @app.get("/logs/{path:path}", response_class=HTMLResponse)
    def logs(request: Request, visitor: Visitor, path: str, wanted: Annotated[_Wanted, Query()]) -> Response:
        with control.store.transaction() as session:
            found = control.catalog.readable_app(session, visitor.identity, path)
        asked = LogAsked.model_validate(wanted.model_dump(exclude={"wait_seconds", "after", "since"}))
        fault: BailiwickError | None = None
        answer = LogAnswer(lines=())
        try:
            answer = control.app_logs.read(visitor.identity, found.path, asked.query)
        except ForbiddenError:
            raise
        except BailiwickError as told:
            # What is not there, or a plane that does not answer, is said on the page: the form stays.
            fault = told
        return pages.render(
            request,
            "logs",
            visitor,
            app=found,
            lines=answer.lines,
            wanted=asked,
            modes=_MODES,
            spans=_SPANS,
            fault=fault,
            severities=LOG_SEVERITIES,
            glance=_glance(asked, answer),
            links={line.trace: _of_trace(found.path, asked, line.trace) for line in answer.lines},
        )


def _of_trace(app: str, asked: LogAsked, trace: str) -> str:
    return f"/logs/{app}?{urlencode({'mode': asked.mode, 'branch': asked.branch, 'trace': trace})}"


def _glance(asked: LogAsked, answer: LogAnswer) -> str:
    where = f"the preview of '{asked.branch}'" if asked.branch else asked.mode
    if not answer.lines:
        return f"Nothing that fits was written in {where}."
    more = "; older ones fit, too" if answer.more else ""
    return f"The newest {count(len(answer.lines), 'line')} of {where}{more}. Secrets and personal data are taken out."
