"""Notices in the console: one's own choice, the chats that are told, and how messages fare."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.notices import Notice, NoticeState
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer
from bailiwick.faces.console.words import Kind, State, count

_PAGE = "/notices"
_KINDS: dict[NoticeState, Kind] = {
    NoticeState.WAITING: "warn",
    NoticeState.SENT: "good",
    NoticeState.WITHDRAWN: "plain",
    NoticeState.GIVEN_UP: "bad",
}


def add_notices(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the page and its forms."""
    service = control.notices

    @app.get(_PAGE, response_class=HTMLResponse)
    def notices(request: Request, visitor: Visitor) -> Response:
        who = visitor.identity
        with control.store.transaction() as session:
            sees = control.authorizer.explain(session, who, "notice.read", ORGANIZATION)
            manages = control.authorizer.explain(session, who, "notice.manage", ORGANIZATION)
            found = service.notices(session, who) if sees.allowed else []
            hooks = service.hooks(session, who) if sees.allowed else []
            mail = service.wants_mail(session, who)
        names = {hook.id: hook.name for hook in hooks}
        return pages.render(
            request,
            "notices",
            visitor,
            glance=_glance(found, mail=mail, sent=service.sends_mail),
            mail=mail,
            sends_mail=service.sends_mail,
            sees=sees,
            manages=manages,
            hooks=hooks,
            lines=[
                (it, State(it.state, _KINDS[it.state]), it.person or names.get(it.target, "a chat")) for it in found
            ],
        )

    @app.post(f"{_PAGE}/mail")
    def choose(visitor: Writer, mail: Annotated[Literal["on", "off"], Form()]) -> Response:
        service.choose_mail(visitor.identity, mail=mail == "on")
        return RedirectResponse(_PAGE, 303)

    @app.post(f"{_PAGE}/chats")
    def add_hook(
        visitor: Writer,
        name: Annotated[str, Form(max_length=40)],
        secret: Annotated[str, Form(max_length=63)],
        folder: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        service.add_hook(visitor.identity, name.strip(), secret.strip(), folder.strip())
        return RedirectResponse(_PAGE, 303)

    @app.post(_PAGE + "/chats/{name}/remove")
    def remove_hook(visitor: Writer, name: str, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
        service.remove_hook(visitor.identity, name, reason)
        return RedirectResponse(_PAGE, 303)

    @app.post(_PAGE + "/{notice_id}/retry")
    def retry(visitor: Writer, notice_id: str) -> Response:
        service.retry(visitor.identity, notice_id)
        return RedirectResponse(_PAGE, 303)


def _glance(found: Sequence[Notice], *, mail: bool, sent: bool) -> str:
    given_up = sum(item.state is NoticeState.GIVEN_UP for item in found)
    late = sum(item.state is NoticeState.WAITING and item.attempts > 0 for item in found)
    if given_up or late:
        return f"{count(given_up, 'message')} did not arrive, {late} {'is' if late == 1 else 'are'} tried again."
    if not sent:
        return "No mail is sent: the settings name no mail server."
    return "You get mail when something waits for you." if mail else "You get no mail; what waits is under Approvals."
