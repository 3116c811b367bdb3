"""The control plane's end of the pre-receive hook: a Unix socket, and tickets that say whose push it is."""

import asyncio
import json
import logging
import secrets
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bailiwick.control.source import hook
from bailiwick.core.errors import BailiwickError
from bailiwick.core.ids import new_trace_id
from bailiwick.core.principals import Identity

_LOG = logging.getLogger("bailiwick.source")
_MAX_QUESTION = 1 << 20


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """What a push wants of one ref; ids of all zeros stand for nothing."""

    old: str
    new: str
    ref: str


@dataclass(frozen=True, slots=True)
class Push:
    """A push that waits for its answer. The pusher is who the git face authenticated, never what a commit claims."""

    app_path: str
    pusher: Identity
    updates: tuple[RefUpdate, ...]
    quarantine: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """Whether a push may go on, and what git says to whoever pushes."""

    accepted: bool
    lines: tuple[str, ...]


class HookServer:
    """Answers hooks. A ticket is made when the face lets a push in, given to git, and good while that push lasts."""

    def __init__(self, socket_path: Path, hooks: Path, decide: Callable[[Push], PushAnswer]) -> None:
        self._socket_path = socket_path
        self._hooks = hooks
        self._decide = decide
        self._tickets: dict[str, tuple[str, Identity]] = {}
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

    def issue_ticket(self, app_path: str, pusher: Identity) -> str:
        """Return a ticket for one push."""
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = (app_path, pusher)
        return ticket

    def withdraw_ticket(self, ticket: str) -> None:
        """End a ticket: the push is over."""
        self._tickets.pop(ticket, None)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._ask(json.loads(await reader.readline()))
        except (ValueError, KeyError, TypeError):
            answer = PushAnswer(False, ("Bailiwick could not understand this push.",))
        writer.write(json.dumps({"accepted": answer.accepted, "lines": answer.lines}).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _ask(self, question: dict[str, object]) -> PushAnswer:
        known = self._tickets.get(str(question["ticket"]))
        updates, quarantine = question["updates"], question["quarantine"]
        if known is None or not isinstance(updates, list) or not isinstance(quarantine, dict):
            return PushAnswer(False, ("This push did not come in through Bailiwick.",))
        push = Push(known[0], known[1], tuple(RefUpdate(*map(str, update)) for update in updates), quarantine)
        try:
            return await asyncio.to_thread(self._decide, push)
        except BailiwickError as fault:
            return PushAnswer(False, (fault.message, fault.hint))
        except Exception:
            trace = new_trace_id()
            _LOG.exception("a push to %s could not be reviewed, trace %s", push.app_path, trace)
            words = "The review failed, so nothing was taken. Give this trace id to whoever runs Bailiwick:"
            return PushAnswer(False, (words, trace))
