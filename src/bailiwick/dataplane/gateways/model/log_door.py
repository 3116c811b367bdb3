"""The door to the log of prompts: for whoever the control plane let read it, and each reading is in the audit log.

It is a call for programs, and a page for people: the console opens it with a form, as texts of prompts pass through no
control plane. What is asked for and the pass are in the form, never in an address.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.passes import read_pass
from bailiwick.core.policy import ORGANIZATION
from bailiwick.core.principals import Identity
from bailiwick.core.prompt_logs import BY_TOKEN, PROMPTS_MODE
from bailiwick.dataplane.gateways.model.log_page import LogPage, entry_page, list_page
from bailiwick.dataplane.gateways.model.log_search import Found, Wanted, search
from bailiwick.dataplane.gateways.model.prompt_log import Read
from bailiwick.dataplane.gateways.model.prompts import Prompts
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.router.wire import Headers, RequestHead

MOST_FORM_BYTES = 32 * 1024
_MOST_ENTRIES = 50
_MOST_FIELDS = 20
_LONGEST_TOKEN = 8000
_LONGEST_APP = 200
_HINT = "bailiwick model log APP --reason WHY"


@dataclass(frozen=True)
class Request:
    """Who reads, and what: the page of one entry where a number is given."""

    reader: Identity
    token: str
    app: str
    wanted: Wanted
    number: int
    before: int
    limit: int


@dataclass(frozen=True)
class LogDoor:
    """`pass_key` returns what passes are signed with, `epochs` who was revoked, `console` where the console is; `emit`
    takes audit events.
    """

    prompts: Prompts
    pass_key: Callable[[], str]
    epochs: Callable[[], Mapping[str, int]]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    plane: str
    console: Callable[[], str] = str

    async def answer(self, head: RequestHead, address: str, form: bytes = b"") -> dict[str, Any]:
        """Return entries of the app that a request names; raise `CallRefusedError` for whoever may not read them."""
        _, found = await self._read(head, address, form)
        return {
            "plane": self.plane,
            "entries": [_shown(item) for item in found.items],
            "looked": found.looked,
            "before": found.before,
        }

    async def page(self, head: RequestHead, address: str, form: bytes) -> tuple[Headers, bytes]:
        """Return the same as a page for people, with a form that searches further; or the page of one entry."""
        request, found = await self._read(head, address, form)
        page = LogPage(self.plane, self.console(), request.token, request.app, request.wanted)
        if request.number:
            return entry_page(page, found.items[0] if found.items else None)
        return list_page(page, found)

    async def _read(self, head: RequestHead, address: str, form: bytes) -> tuple[Request, Found]:
        request = self._request(head, form)
        try:
            key = await self.prompts.read_key()
        except BailiwickError as fault:
            words = f"what opens the log cannot be had: {fault.message}"
            raise CallRefusedError(503, words, hint=fault.hint) from None
        found = await asyncio.to_thread(self._found, key, request)
        self._note(request, address, found)
        return request, found

    def _found(self, key: bytes, request: Request) -> Found:
        log = self.prompts.log
        if request.number:
            items = log.read(key, request.app, number=request.number, limit=1)
            return Found(tuple(items), len(items), 0)
        return search(log, key, request.app, request.wanted, before=request.before, limit=request.limit)

    def _request(self, head: RequestHead, form: bytes) -> Request:
        written = form.decode("ascii", "replace") if form else head.target.partition("?")[2]
        try:
            asked = dict(parse_qsl(written, max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise CallRefusedError(400, f"a request has at most {_MOST_FIELDS} fields") from None
        app = asked.get("app", "")[:_LONGEST_APP] or BY_TOKEN
        token = _bearer(head) or (asked.get("token", "") if form else "")
        limit = min(max(_number(asked, "limit", 20), 1), _MOST_ENTRIES)
        before, number = _number(asked, "before", 0), _number(asked, "number", 0)
        return Request(self._reader(token, app), token, app, Wanted.of(asked), number, before, limit)

    def _reader(self, token: str, app: str) -> Identity:
        if not token or len(token) > _LONGEST_TOKEN:
            raise CallRefusedError(401, "the log of prompts is opened with a token of its own", hint=_HINT)
        try:
            found = read_pass(token, self.pass_key(), app=app, mode=PROMPTS_MODE, now=self.clock()).identity
        except BailiwickError:
            raise CallRefusedError(401, "this token does not open the log of this app", hint=_HINT) from None
        if found.is_revoked(self.epochs()):
            raise CallRefusedError(401, "this credential was revoked", hint=_HINT)
        return found

    def _note(self, request: Request, address: str, found: Found) -> None:
        named = "" if request.app == BY_TOKEN else request.app
        facts: dict[str, ContextFact] = {
            "entries": len(found.items), "texts": sum(_has_text(item) for item in found.items)
        }  # fmt: skip
        if request.number:
            facts["number"] = request.number
        else:
            facts |= _asked_for(request.wanted, found)
        self.emit(
            AuditEvent(
                time=self.clock(),
                actor=str(request.reader.principal),
                action="prompt-log.read",
                resource=f"app:{named}" if named else ORGANIZATION,
                outcome=Outcome.SUCCESS,
                app=named,
                plane=self.plane,
                context=facts,
                acting_for=request.reader.principal.behalf,
                client=address,
            )
        )


def _asked_for(wanted: Wanted, found: Found) -> dict[str, ContextFact]:
    """Return what was looked for: not a text, which may be what must not be told, but how much was opened for it."""
    named = tuple(f"{name} {value}" for name, value in wanted.named.items())
    return {**({"asked_for": named} if named else {}), **({"searched": found.looked} if wanted.text else {})}


def _bearer(head: RequestHead) -> str:
    scheme, _, token = head.get(b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _has_text(item: Read) -> bool:
    return item.entry is not None and bool(item.entry.prompt or item.entry.answer)


def _shown(item: Read) -> dict[str, Any]:
    known = {"number": item.number, "time": item.time, "model": item.model}
    return {**known, "readable": False} if item.entry is None else {**asdict(item.entry), **known, "readable": True}


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    told = asked.get(name, "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else otherwise  # noqa: PLR2004 - 2^63
