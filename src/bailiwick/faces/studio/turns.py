"""Turns as they run in this process: each a task beside the server's work, which goes on when its reader is gone."""

import asyncio
import logging
from collections.abc import Sequence

from fastapi.concurrency import run_in_threadpool

from bailiwick.control.app import ControlPlane
from bailiwick.control.studio import Conversation, Prompt, State, StudioClient, Turn, TurnLimits, TurnLog
from bailiwick.core.errors import UnavailableError
from bailiwick.core.principals import Identity
from bailiwick.faces.studio.desk import Desk
from bailiwick.faces.studio.toolbox import StudioToolbox

_MOST_AT_ONCE = 30
_LOG = logging.getLogger("bailiwick.studio")


class StudioTurns:
    """Starts turns. One for a process, which both the console and the API ask."""

    def __init__(self, control: ControlPlane, limits: TurnLimits | None = None) -> None:
        self._control = control
        self._limits = limits or TurnLimits()
        self._client = StudioClient(str(control.settings.inference.gateway or "").rstrip("/"))
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(
        self,
        person: Identity,
        conversation: str,
        prompt: Prompt,
        *,
        model: str = "",
        integrations: Sequence[str] | None = None,
    ) -> Conversation:
        """Take what a person asks for and begin the turn that answers it; return at once."""
        if len(self._tasks) >= _MOST_AT_ONCE:
            raise UnavailableError("too many agents are at work at once", hint="try again in a few minutes")
        studio = self._control.studio
        agent = await run_in_threadpool(studio.agent_for, person)
        asked = await run_in_threadpool(
            studio.ask, person, conversation, prompt, model=model, integrations=integrations
        )
        task = asyncio.create_task(self._run(agent, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asked

    async def _run(self, agent: Identity, asked: Conversation) -> None:
        log = TurnLog(self._control.studio, asked, agent)
        try:
            turn = await run_in_threadpool(self._turn, agent, asked, log)
        except Exception:
            _LOG.exception("a turn could not begin")
            await run_in_threadpool(log.end, State.FAILED, "the turn could not begin; try again")
            return
        await turn.run()

    def _turn(self, agent: Identity, asked: Conversation, log: TurnLog) -> Turn:
        control = self._control
        with control.store.transaction() as session:
            models = {item.name: item for item in control.studio.open_models(session, agent)}
        model = models[asked.model]
        draft = control.studio.draft(asked)
        # One for the whole turn, which is no longer than a token lives.
        token = control.planes.models.issue_token(agent).token
        desk = Desk(control, agent, asked, draft, log, model.model)
        return Turn(
            log=log,
            client=self._client,
            model=model,
            models=models,
            draft=draft,
            toolbox=StudioToolbox(desk),
            token=token,
            require_current=lambda: control.in_flight.require_current(agent),
            limits=self._limits,
        )
