"""The studio in the browser: a conversation about an app, its draft step by step, its preview, and the deploy."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import (
    AGENT,
    LONGEST_PROMPT,
    Conversation,
    NotSetUpError,
    State,
    Step,
    diff_text,
)
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.messages import ModelState
from bailiwick.core.principals import Identity
from bailiwick.faces.console.diffs import SPLIT, diff_view, view_links
from bailiwick.faces.console.rendering import Pages
from bailiwick.faces.console.sessions import Visitor, Writer, signed_in
from bailiwick.faces.console.studio_form import Asked, read_asked
from bailiwick.faces.console.studio_view import STATES, asked_to_deploy, glance_of, spent_words, step_views
from bailiwick.faces.console.words import count
from bailiwick.faces.console.words import state as state_of
from bailiwick.faces.house_rules import usable_integrations
from bailiwick.faces.studio import Following, StudioTurns, ask_for_deploy
from bailiwick.faces.studio.documents import stands
from bailiwick.faces.studio.sending import preview_address

_FIRST = 1


def add_studio(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    """Add the list of conversations, the page of one, and their forms."""
    turns = StudioTurns(control)
    _add_list(app, control, pages, turns)
    _add_conversation(app, control, pages, turns)
    _add_steps(app, control, pages)


def _add_list(app: FastAPI, control: ControlPlane, pages: Pages, turns: StudioTurns) -> None:
    @app.get("/studio", response_class=HTMLResponse)
    def listing(request: Request, visitor: Visitor) -> Response:
        models, why = _models(control, visitor.identity)
        with control.store.transaction() as session:
            found = control.studio.conversations(session, visitor.identity)
        return pages.render(
            request,
            "studio",
            visitor,
            models=models,
            why=why,
            agent=AGENT,
            systems=usable_integrations(control, visitor.identity),
            longest=LONGEST_PROMPT,
            conversations=[(item, STATES[stands(control, item)[0]]) for item in found],
            glance=_list_glance(models, found),
        )

    @app.post("/studio")
    async def begin(request: Request, visitor: Visitor) -> Response:
        asked = await read_asked(request, visitor)
        made = await _begun(control, visitor.identity, asked)
        await turns.ask(visitor.identity, made.id, asked.prompt)
        return RedirectResponse(f"/studio/{made.id}", 303)


def _add_conversation(app: FastAPI, control: ControlPlane, pages: Pages, turns: StudioTurns) -> None:
    following = Following(control)

    @app.get("/studio/{conversation}", response_class=HTMLResponse)
    def one(request: Request, visitor: Visitor, conversation: str) -> Response:
        found, steps = _conversation(control, visitor.identity, conversation)
        own = found.person == str(visitor.identity.principal)
        models, why = _models(control, visitor.identity) if own else ([], "")
        state, words = stands(control, found)
        with control.store.transaction() as session:
            waits = _waiting_deploy(control, session, found)
            shown = control.previews.list(session, visitor.identity, found.app)
        return pages.render(
            request,
            "studio_conversation",
            visitor,
            found=found,
            own=own,
            working=state is State.WORKING,
            state=STATES[state],
            glance=glance_of(found, state, words),
            steps=step_views(steps, own=own),
            last=steps[-1].number if steps else 0,
            spent=spent_words(steps, control.settings.inference.currency),
            preview=preview_address(control, found),
            running=next(((state_of(it.status), it.words) for it in shown if it.branch == found.branch), None),
            waits=waits,
            asks=asked_to_deploy(steps),
            models=models,
            why=why,
            systems=usable_integrations(control, visitor.identity) if own else [],
            longest=LONGEST_PROMPT,
        )

    @app.post("/studio/{conversation}/ask")
    async def ask(request: Request, visitor: Visitor, conversation: str) -> Response:
        asked = await read_asked(request, visitor)
        await turns.ask(
            visitor.identity, conversation, asked.prompt, model=asked.model, integrations=asked.integrations
        )
        return RedirectResponse(f"/studio/{conversation}#end", 303)

    @app.post("/studio/{conversation}/stop")
    def stop(visitor: Writer, conversation: str) -> Response:
        control.studio.stop(visitor.identity, conversation)
        return RedirectResponse(f"/studio/{conversation}#end", 303)

    @app.post("/studio/{conversation}/delete")
    def delete(visitor: Writer, conversation: str) -> Response:
        control.studio.delete(visitor.identity, conversation)
        return RedirectResponse("/studio", 303)

    @app.post("/studio/{conversation}/deploy")
    async def deploy(
        visitor: Writer, conversation: str, message: Annotated[str, Form(max_length=2000)] = ""
    ) -> Response:
        asked = await ask_for_deploy(control, visitor.identity, conversation, message)
        return RedirectResponse(f"/approvals/{asked.id}", 303)

    @app.get("/studio/{conversation}/events")
    def events(request: Request, _: Visitor, conversation: str, after: int = 0) -> StreamingResponse:
        return following.stream(request, conversation, after, lambda: signed_in(request).identity)


def _add_steps(app: FastAPI, control: ControlPlane, pages: Pages) -> None:
    @app.get("/studio/{conversation}/steps/{number}", response_class=HTMLResponse)
    def step(
        request: Request,
        visitor: Visitor,
        conversation: str,
        number: int,
        whole: bool = False,
        view: str = "",
        file: str = "",
    ) -> Response:
        found, steps = _conversation(control, visitor.identity, conversation)
        if not any(item.number == number for item in steps):
            raise NotFoundError(f"this conversation has no step {number}", hint="go back to the conversation")
        with control.store.transaction() as session:
            old = control.studio.tree(session, found.id, _FIRST if whole else number - 1)
            new = control.studio.tree(session, found.id, number)
        text = diff_text(old, new, lambda digest: control.studio.content(found.id, digest))
        links: dict[str, Any] = view_links(f"/studio/{found.id}/steps/{number}", view, file)
        return pages.render(
            request,
            "studio_step",
            visitor,
            found=found,
            number=number,
            whole=whole,
            own=found.person == str(visitor.identity.principal),
            diff=diff_view(text, (), only=file),
            side_by_side=view == SPLIT,
            **links,
        )

    @app.post("/studio/{conversation}/undo")
    def undo(visitor: Writer, conversation: str, step: Annotated[int, Form(ge=1)]) -> Response:
        control.studio.undo(visitor.identity, conversation, step)
        return RedirectResponse(f"/studio/{conversation}#end", 303)


def _models(control: ControlPlane, identity: Identity) -> tuple[list[ModelState], str]:
    """Return the models that somebody may have answer, and why there are none."""
    try:
        agent = control.studio.agent_for(identity)
    except NotSetUpError as fault:
        return [], f"{fault.message}. {fault.hint}" if fault.hint else fault.message
    with control.store.transaction() as session:
        found = control.studio.open_models(session, agent)
    return found, "" if found else f"No model is open to both you and {AGENT}."


async def _begun(control: ControlPlane, person: Identity, asked: Asked) -> Conversation:
    def begin() -> Conversation:
        if not asked.prompt.text.strip():
            raise InvalidInputError("nothing was asked", hint="say in a sentence what the app is to do")
        with control.store.transaction() as session:
            try:
                control.catalog.readable_app(session, person, asked.app)
                create = False
            except NotFoundError:
                create = True
        return control.studio.begin(person, asked.app, asked.model, asked.integrations or (), create=create)

    return await run_in_threadpool(begin)


def _conversation(control: ControlPlane, identity: Identity, name: str) -> tuple[Conversation, list[Step]]:
    with control.store.transaction() as session:
        found = control.studio.conversation(session, identity, name)
        return found, control.studio.steps(session, name)


def _waiting_deploy(control: ControlPlane, session: Session, found: Conversation) -> str:
    """Return the deploy that waits for what the conversation brought to main, empty where none does."""
    deploys = control.deploys.deploys(session, found.app, limit=5)
    return next((item.id for item in deploys if item.commit == found.base and item.state == "requested"), "")


def _list_glance(models: Sequence[ModelState], found: Sequence[Conversation]) -> str:
    if not models:
        return "The studio cannot work for you yet."
    working = sum(item.state is State.WORKING for item in found)
    if working:
        return f"The agent is at work in {count(working, 'conversation')} of yours."
    return f"Say in a sentence what an app is to do. {count(len(models), 'model')} can write it."
