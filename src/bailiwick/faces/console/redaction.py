"""The page that shows what redaction makes of a text: pasted, looked through as prompts are, and kept nowhere."""

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.inference import MOST_CHARACTERS, Tried
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.redaction import PROFILES
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import count, listed

_PAGE = "/redaction"
_BEGIN = "Paste a text to see what would be taken out of it, and why. It is kept nowhere; that you tried is in the log."


def add_redaction(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its form."""

    @app.get(_PAGE, response_class=HTMLResponse)
    def begin(request: Request, visitor: Visitor) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, visitor.identity, "redaction.try", ORGANIZATION)
        return _page(request, visitor, glance=_BEGIN)

    @app.post(_PAGE, response_class=HTMLResponse)
    def attempt(
        request: Request,
        visitor: Writer,
        text: Annotated[str, Form(max_length=10 * MOST_CHARACTERS)] = "",
        profile: Annotated[str, Form(max_length=20)] = "all",
    ) -> Response:
        # As a text that is sent over HTTP has line ends that nobody wrote.
        text = text.replace("\r\n", "\n")
        try:
            tried = control.redaction_trial.attempt(visitor.identity, text, profile)
        except InvalidInputError as fault:
            words = f"{fault.message}: {fault.hint}" if fault.hint else fault.message
            return _page(request, visitor, glance=words, text=text[:MOST_CHARACTERS])
        return _page(request, visitor, glance=_glance(tried), text=text, profile=profile, tried=tried)

    def _page(
        request: Request, visitor: Visitor, *, glance: str, text: str = "", profile: str = "all",
        tried: Tried | None = None,
    ) -> Response:  # fmt: skip
        return pages.render(
            request, "redaction", visitor, glance=glance, text=text, profile=profile, profiles=PROFILES, tried=tried
        )


def _glance(tried: Tried) -> str:
    if not tried.spans:
        return "Nothing would be taken out of this text."
    kinds = listed([f"{number} {kind}" for kind, number in sorted(tried.counts.items())])
    return f"{count(len(tried.spans), 'value')} would be taken out: {kinds}."
