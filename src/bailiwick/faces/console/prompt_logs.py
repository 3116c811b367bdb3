"""Prompt logs: who asks says why, and goes on to the plane that keeps them. No text of a call is seen here."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.prompt_logs import LOG_PATH
from bailiwick.faces.console.headers import policy
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.outflows import kept_of_calls

_PAGE = "/prompt-logs"
_GLANCE = (
    "What is kept of prompts and answers lies sealed at the plane that passed them on. Say whose and why: that is in "
    "the audit log, and so is each reading."
)


def add_prompt_logs(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its form."""

    @app.get(_PAGE, response_class=HTMLResponse)
    def begin(request: Request, visitor: Visitor, app: str = "") -> Response:
        with control.store.transaction() as session:
            may = control.authorizer.explain(session, visitor.identity, "prompt-log.read", ORGANIZATION)
        return pages.render(
            request,
            "prompt_logs",
            visitor,
            glance=_GLANCE,
            app=app[:200],
            may=may,
            models=sorted(control.outflows.models),
            kept=kept_of_calls(control),
            reached=bool(control.settings.inference.gateway),
        )

    @app.post(_PAGE, response_class=HTMLResponse)
    def open_log(
        request: Request,
        visitor: Writer,
        app: Annotated[str, Form(max_length=200)] = "",
        reason: Annotated[str, Form()] = "",
        model: Annotated[str, Form(max_length=80)] = "",
        person: Annotated[str, Form(max_length=600)] = "",
        since: Annotated[str, Form(max_length=40)] = "",
        until: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        opened = control.prompt_logs.open(visitor.identity, app.strip(), reason)
        gateway = (control.settings.inference.gateway or "").rstrip("/")
        whose = app.strip() or "calls by token"
        answer = pages.render(
            request,
            "prompt_log_opened",
            visitor,
            glance=f"The log of {whose} is open for you until {opened.expires:%H:%M:%S} UTC.",
            whose=whose,
            gateway=gateway,
            target=f"{gateway}{LOG_PATH}",
            given={"token": opened.token, "app": app.strip(), "model": model, "person": person.strip(), "since": since,
                   "until": until},
        )  # fmt: skip
        # The form goes to the plane itself, and nowhere else.
        parts = urlsplit(gateway)
        answer.headers["content-security-policy"] = policy(f"{parts.scheme}://{parts.netloc}" if gateway else "")
        return answer
