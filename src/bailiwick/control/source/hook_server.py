"""The control plane's end of the pre-receive hook: a Unix socket, and tickets that say whose push it is."""

import asyncio
import contextlib
import json
import logging
import secrets
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bailiwick.control.source import hook
from bailiwick.control.source.provenance import Told
from bailiwick.core.errors import BailiwickError
from bailiwick.core.ids import new_trace_id
from bailiwick.core.origin import Origin, arriving, current_origin
from bailiwick.core.principals import Identity

_LOG = logging.getLogger("bailiwick.source")
_MAX_QUESTION = 1 << 20
# After so many seconds a push is told what is being done; whoever pushes little is told nothing.
_TELL_AFTER_SECONDS = (2.0, 6.0, 20.0, 60.0)


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """What a push wants of one ref; ids of all zeros stand for nothing."""

    old: str
    new: str
    ref: str


@dataclass(slots=True)
class Waiting:
    """Whoever waits for an answer: what is being done for them, and whether they have gone away."""

    words: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A push that waits for its answer. The pusher is who the face authenticated, never what a commit claims; `told` is
    what whoever pushes says of how it was made, and `door` the way by which it came.
    """

    app_path: str
    pusher: Identity
    updates: tuple[RefUpdate, ...]
    quarantine: Mapping[str, str]
    waiting: Waiting = field(default_factory=Waiting)
    told: Told = field(default_factory=Told)
    door: str = "git"


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """Whether a push may go on, what git says to whoever pushes, and the review that says so (empty without one)."""

    accepted: bool
    lines: tuple[str, ...]
    review: str = ""


@dataclass(slots=True)
class _Ticket:
    app_path: str
    pusher: Identity
    origin: Origin
    told: Told
    barred: bool = False
    over: bool = False
    turn: asyncio.Lock | None = None


class HookServer:
    """Answers hooks. A ticket is made when the face lets a push in, given to git, and good while that push lasts.

    Pushes to one app take turns from the moment that they ask until git has moved the ref or given up: what is taken is
    remembered before git moves it. A push that is still on its way here holds nobody up.
    """

    def __init__(self, socket_path: Path, hooks: Path, decide: Callable[[Push], PushAnswer]) -> None:
        self._socket_path = socket_path
        self._hooks = hooks
        self._decide = decide
        self._tickets: dict[str, _Ticket] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Write the hook and listen."""
        self._hooks.mkdir(parents=True, exist_ok=True, mode=0o755)
        program = " ".join(
            shlex.quote(part) for part in (sys.executable, "-I", "-S", hook.__file__, str(self._socket_path))
        )
        target = self._hooks / "pre-receive"
        target.write_text(f"#!/bin/sh\nexec {program}\n")
        target.chmod(0o755)
        self._socket_path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._answer, self._socket_path, limit=_MAX_QUESTION)
        self._socket_path.chmod(0o600)

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    @contextlib.asynccontextmanager
    async def turn(self, app_path: str) -> AsyncIterator[None]:
        """Hold an app's turn: no other push to it is decided until the end of the block."""
        async with self._turns.setdefault(app_path, asyncio.Lock()):
            yield

    def issue_ticket(self, app_path: str, pusher: Identity, told: Told | None = None) -> str:
        """Return a ticket for one push, which comes from where the request at hand does."""
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = _Ticket(app_path, pusher, current_origin(), told or Told())
        return ticket

    def bar_ticket(self, ticket: str) -> None:
        """Answer a ticket no more, where it was not yet; whoever holds it is about to be ended."""
        self._tickets[ticket].barred = True

    def withdraw_ticket(self, ticket: str) -> None:
        """End a ticket: git has ended too, and the next push to its app may be taken."""
        held = self._tickets.pop(ticket)
        held.over = True
        if held.turn is not None:
            held.turn.release()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting = Waiting()
        try:
            question = json.loads(await reader.readline())
            watch = asyncio.create_task(_watch(reader, waiting))
            tell = asyncio.create_task(_tell(writer, waiting))
            try:
                answer = await self._ask(question, waiting)
            finally:
                watch.cancel()
                tell.cancel()
        except (ValueError, KeyError, TypeError):
            answer = PushAnswer(False, ("Bailiwick could not understand this push.",))
        with contextlib.suppress(ConnectionError):
            await _write(writer, {"accepted": answer.accepted, "lines": answer.lines})
        writer.close()

    async def _ask(self, question: dict[str, object], waiting: Waiting) -> PushAnswer:
        ticket, updates, quarantine = str(question["ticket"]), question["updates"], question["quarantine"]
        known = self._tickets.get(ticket)
        if known is None or known.barred or not isinstance(updates, list) or not isinstance(quarantine, dict):
            return PushAnswer(False, ("This push did not come in through Bailiwick.",))
        asked = tuple(RefUpdate(*map(str, update)) for update in updates)
        push = Push(known.app_path, known.pusher, asked, quarantine, waiting, known.told)
        waiting.words = "another push to this app is before this one ..."
        turn = self._turns.setdefault(push.app_path, asyncio.Lock())
        await turn.acquire()
        answer = PushAnswer(False, ("This push was given up.",))
        try:
            if not (known.barred or waiting.gone):
                with arriving(known.origin):
                    answer = await self._decided(push)
        finally:
            # A push that is taken keeps its turn until its ticket ends, when git has moved the ref.
            if answer.accepted and not known.over:
                known.turn = turn
            else:
                turn.release()
        return answer

    async def _decided(self, push: Push) -> PushAnswer:
        try:
            return await asyncio.to_thread(self._decide, push)
        except BailiwickError as fault:
            return PushAnswer(False, (fault.message, fault.hint))
        except Exception:
            trace = new_trace_id()
            _LOG.exception("a push to %s could not be reviewed, trace %s", push.app_path, trace)
            words = "The review failed, so nothing was taken. Give this trace id to whoever runs Bailiwick:"
            return PushAnswer(False, (words, trace))


async def _watch(reader: asyncio.StreamReader, waiting: Waiting) -> None:
    """Notice when the hook ends before it has its answer: git was stopped, and will not move the ref."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(_MAX_QUESTION):
            pass
    waiting.gone = True


async def _tell(writer: asyncio.StreamWriter, waiting: Waiting) -> None:
    """Say now and then what is being done, seldom enough to be read."""
    begun = asyncio.get_running_loop().time()
    with contextlib.suppress(ConnectionError):
        for seconds in _TELL_AFTER_SECONDS:
            await asyncio.sleep(begun + seconds - asyncio.get_running_loop().time())
            if waiting.words:
                await _write(writer, {"lines": [waiting.words]})


async def _write(writer: asyncio.StreamWriter, message: dict[str, object]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()
