"""Pages from templates: with what every page needs, everything escaped, and nothing in it that hides from the eye."""

import re
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import SignedIn
from bailiwick.faces.console.places import COMMANDS, places
from bailiwick.faces.console.told import COOKIE, heard

_TEMPLATES = Path(__file__).parent / "templates"
# Characters that reorder or hide text: a reviewer would approve something else than they read (CVE-2021-42574).
_HIDING = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u061c]")


class Pages:
    """Renders templates. Templates only show and repeat: what they show was put together in Python."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=legible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates = Jinja2Templates(env=environment)

    def render(
        self, request: Request, name: str, visitor: SignedIn | None = None, status: int = 200, **values: Any
    ) -> Response:
        """Return a page; `visitor` is whose page it is, or None when nobody is signed in."""
        waiting = reviews = 0
        if visitor is not None:
            with self._control.store.transaction() as session:
                waiting = len(self._control.deploys.inbox(session, visitor.identity))
                waiting += len(self._control.consents.waiting(session, visitor.identity))
                waiting += len(self._control.budget_notices.waiting(session, visitor.identity))
                reviews = len(self._control.access_reviews.waits_for(session, visitor.identity))
        here = request.url.path
        told = heard(request, visitor) if visitor is not None else None
        shared = {
            "visitor": visitor,
            "waiting": waiting,
            "told": told,
            "bar_places": places(here, approvals=waiting, reviews=reviews),
            "bar_commands": COMMANDS,
        }
        content = {"here": here, **values, **shared}
        response: Response = self._templates.TemplateResponse(request, f"{name}.html", content, status_code=status)
        if told is not None:
            response.delete_cookie(COOKIE, path="/")
        return response


def legible(value: object) -> object:
    """Return a value with every character that would reorder or hide text written out by its number."""
    if not isinstance(value, str) or not _HIDING.search(value):
        return value
    shown = _HIDING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", str(value))
    return Markup(shown) if isinstance(value, Markup) else shown  # noqa: S704 - it was markup before
