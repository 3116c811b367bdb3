"""The door to the log of prompts: for whoever the control plane let read it, and each reading is in the audit log."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.passes import read_pass
from bailiwick.core.policy import ORGANIZATION
from bailiwick.core.principals import Identity
from bailiwick.core.prompt_logs import BY_TOKEN, PROMPTS_MODE
from bailiwick.dataplane.gateways.model.prompt_log import Read
from bailiwick.dataplane.gateways.model.prompts import Prompts
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.router.wire import RequestHead

_MOST_ENTRIES = 50
_LONGEST_TOKEN = 8000
_HINT = "bailiwick model log APP --reason WHY"


@dataclass(frozen=True)
class LogDoor:
    """`pass_key` returns what passes are signed with, `epochs` who was revoked; `emit` takes audit events."""

    prompts: Prompts
    pass_key: Callable[[], str]
    epochs: Callable[[], Mapping[str, int]]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    plane: str

    async def answer(self, head: RequestHead, address: str) -> dict[str, Any]:
        """Return entries of the app that a request names; raise `CallRefusedError` for whoever may not read them."""
        asked = parse_qs(head.target.partition("?")[2])
        app, before = _text(asked, "app") or BY_TOKEN, _number(asked, "before", 0)
        limit = min(max(_number(asked, "limit", 20), 1), _MOST_ENTRIES)
        reader = self._reader(head, app)
        try:
            key = await self.prompts.read_key()
        except BailiwickError as fault:
            words = f"what opens the log cannot be had: {fault.message}"
            raise CallRefusedError(503, words, hint=fault.hint) from None
        found = self.prompts.log.read(key, app, before=before, limit=limit)
        self._note(reader, app, address, found)
        return {
            "plane": self.plane,
            "entries": [_shown(item) for item in found],
            "before": found[-1].number if len(found) == limit else 0,
        }

    def _reader(self, head: RequestHead, app: str) -> Identity:
        scheme, _, token = head.get(b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
            raise CallRefusedError(401, "the log of prompts is opened with a token of its own", hint=_HINT)
        try:
            found = read_pass(token.strip(), self.pass_key(), app=app, mode=PROMPTS_MODE, now=self.clock()).identity
        except BailiwickError:
            raise CallRefusedError(401, "this token does not open the log of this app", hint=_HINT) from None
        if found.is_revoked(self.epochs()):
            raise CallRefusedError(401, "this credential was revoked", hint=_HINT)
        return found

    def _note(self, reader: Identity, app: str, address: str, found: list[Read]) -> None:
        named = "" if app == BY_TOKEN else app
        self.emit(
            AuditEvent(
                time=self.clock(),
                actor=str(reader.principal),
                action="prompt-log.read",
                resource=f"app:{named}" if named else ORGANIZATION,
                outcome=Outcome.SUCCESS,
                app=named,
                plane=self.plane,
                context={"entries": len(found), "texts": sum(_has_text(item) for item in found)},
                acting_for=reader.principal.behalf,
                client=address,
            )
        )


def _has_text(item: Read) -> bool:
    return item.entry is not None and bool(item.entry.prompt or item.entry.answer)


def _shown(item: Read) -> dict[str, Any]:
    known = {"number": item.number, "time": item.time, "model": item.model}
    return {**known, "readable": False} if item.entry is None else {**asdict(item.entry), **known, "readable": True}


def _text(asked: Mapping[str, list[str]], name: str) -> str:
    return asked.get(name, [""])[0][:200]


def _number(asked: Mapping[str, list[str]], name: str, otherwise: int) -> int:
    told = asked.get(name, [""])[0]
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else otherwise  # noqa: PLR2004 - 2^63
