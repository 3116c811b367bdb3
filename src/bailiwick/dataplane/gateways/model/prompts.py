"""What is kept of calls: how much, by the model's settings; without secrets whatever these say."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import MILLIONTHS, ModelState
from bailiwick.core.prompt_logs import BY_TOKEN
from bailiwick.core.redaction import Own, Profile
from bailiwick.dataplane.gateways.model.bodies import Asked, Outgoing, look_through, outgoing
from bailiwick.dataplane.gateways.model.model import Called, Caller
from bailiwick.dataplane.gateways.model.pieces import pieces_of
from bailiwick.dataplane.gateways.model.prompt_log import Entry, PromptLog
from bailiwick.dataplane.gateways.model.search import PromptSearch
from bailiwick.dataplane.gateways.refusals import CallRefusedError

_MOST_TEXT = 256 * 1024
_MOST_HEARD_BYTES = 2 * 2**20
_EXPIRE_SECONDS = 600.0
_CUT = "… (cut)"
_NO_TOPICS = Own()
# What is taken out of texts that are kept.
_PROFILES: Mapping[str, Profile] = {"redacted": "all", "full": "secrets"}


class Heard:
    """An answer as it passes by; what is too long is cut."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take a piece of the answer's body."""
        self._bytes += data[: _MOST_HEARD_BYTES - len(self._bytes)]

    def text(self, *, streamed: bool) -> str:
        """Return what was said: of a stream its texts, each whole."""
        written = self._bytes.decode(errors="replace")
        if not streamed:
            return written
        texts: dict[tuple[object, ...], list[str]] = {}
        for line in written.split("\n"):
            if line.startswith("data:"):
                for piece in pieces_of(_document(line[5:])):
                    texts.setdefault(piece.text, []).append(piece.holder[piece.field])
        return "\n\n".join("".join(parts) for parts in texts.values())


@dataclass(slots=True)
class Keeping:
    """A call that is being kept; `heard` is there where its texts are, `taken` what is not in the kept prompt."""

    key: bytes = field(repr=False)
    prompt: str = field(default="", repr=False)
    heard: Heard | None = field(default=None, repr=False)
    taken: Mapping[str, int] = field(default_factory=dict)


class Prompts:
    """Keeps calls of a plane in its log. `key` fetches what they are sealed with."""

    def __init__(self, log: PromptLog, key: Callable[[], Awaitable[str]], search: PromptSearch, clock: Clock) -> None:
        self.log = log
        self._key = key
        self._search = search
        self._clock = clock
        self._expired = 0.0
        self._being_kept: set[asyncio.Future[Entry]] = set()

    async def begin(self, model: ModelState, asked: Asked, leaves: Outgoing) -> Keeping | None:
        """Return how a call is kept that is about to be sent, None when it is not; `leaves` is what is sent of it.

        Raises `CallRefusedError` when its texts must be kept and cannot: it is not sent then.
        """
        if model.logs == "off":
            return None
        profile = _PROFILES.get(model.logs)
        try:
            key = bytes.fromhex(await self._key())
        except BailiwickError as fault:
            if profile is None:
                return None
            words = f"what is sent to {model.name} must be kept, and what seals it cannot be had: {fault.message}"
            raise CallRefusedError(503, words, hint="try again", deciders=("prompt-log",)) from None
        if profile is None:
            return Keeping(key)
        if profile != model.redact:
            looked = await asyncio.to_thread(look_through, asked, self._search.of(profile), _NO_TOPICS)
            leaves = await asyncio.to_thread(outgoing, asked, model.model, looked, ())
        return Keeping(key, _cut(leaves.content.decode()), Heard(), leaves.redacted)

    async def end(self, keeping: Keeping, model: ModelState, caller: Caller, called: Called, fault: str) -> Entry:
        """Keep a call that is over, whatever became of it, also when nobody waits any more; return what is kept."""
        work = asyncio.ensure_future(asyncio.to_thread(self._keep, keeping, model, caller, called, fault))
        self._being_kept.add(work)
        work.add_done_callback(self._being_kept.discard)
        return await asyncio.shield(work)

    async def close(self) -> None:
        """Close the log once what is being kept is in it."""
        await asyncio.gather(*self._being_kept, return_exceptions=True)
        self.log.close()

    async def read_key(self) -> bytes:
        """Return what entries are opened with; raise what the control plane says against it."""
        return bytes.fromhex(await self._key())

    def expire(self, models: Mapping[str, ModelState]) -> None:
        """Remove what was kept long enough, from time to time."""
        if time.monotonic() >= self._expired + _EXPIRE_SECONDS or not self._expired:
            self._expired = time.monotonic()
            self.log.expire({name: 0 if model.logs == "off" else model.log_days for name, model in models.items()})

    def _keep(self, keeping: Keeping, model: ModelState, caller: Caller, called: Called, fault: str) -> Entry:
        answer = keeping.heard.text(streamed=called.streamed) if keeping.heard is not None else ""
        if answer:
            answer = self._search.of(_PROFILES[model.logs])([answer]).strings[0]
        facts: dict[str, Any] = {
            "person": "" if caller.identity.is_app else str(caller.identity.principal),
            "release": caller.release,
            "trace": caller.trace,
            "endpoint": called.endpoint,
            "status": called.status,
            "fault": fault,
            "tokens_in": called.tokens_in,
            "tokens_out": called.tokens_out,
            "bytes_out": called.bytes_out,
            "bytes_in": called.bytes_in,
            "redacted": dict(called.redacted),
            "masked": dict(called.masked),
            "kept_without": dict(keeping.taken),
            "cost": called.cost / MILLIONTHS if model.price is not None else None,
            "milliseconds": called.milliseconds,
        }
        app = caller.app or BY_TOKEN
        entry = Entry(self._clock(), app, model.name, model.logs, facts, keeping.prompt, _cut(answer))
        self.log.keep(keeping.key, entry, model.log_days)
        return entry


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + _CUT


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
