"""Asks a model through the model gateway and reads its answer as it comes: bounded, and again where that may help."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NoReturn

import httpx2

from bailiwick.control.studio.errors import AnswerError
from bailiwick.control.studio.wire import Heard, Request, Wire, data_of_events

_MOST_ANSWER_BYTES = 8 * 2**20
_MOST_ERROR_BYTES = 64 * 2**10
_TRIES = 4
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_OK = 200
_LONGEST_NAME = 200
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})

Wait = Callable[[float], Awaitable[None]]


class _AgainError(Exception):
    """An answer that did not come whole, where another try may help."""

    def __init__(self, words: str, wait_seconds: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class StudioClient:
    """One for all models. `url` is the gateway's, empty where none is configured; `wait` waits between tries."""

    url: str
    wait: Wait = asyncio.sleep

    async def ask(
        self, wire: Wire, request: Request, token: str, *, seconds: float, said: Callable[[str], None]
    ) -> Heard:
        """Return a model's whole answer; `said` is given the text as it grows, and an empty one for each new try.

        Raises `AnswerError` in words for people, with nothing in them of what was asked.
        """
        if not self.url:
            raise AnswerError("no model gateway is configured", hint="inference.gateway in the settings names it")
        body = json.dumps(wire.body(request), ensure_ascii=False).encode(errors="replace")
        headers = {"content-type": "application/json", **wire.headers(token)}
        for tried in range(_TRIES):
            said("")
            try:
                async with asyncio.timeout(seconds):
                    return await self._once(wire, request, (body, headers), seconds, said)
            except TimeoutError:
                raise AnswerError(f"the model did not answer within {seconds:.3g} s", hint="try again") from None
            except _AgainError as fault:
                if tried == _TRIES - 1:
                    words = f"{fault.words}; it was tried {_TRIES} times"
                    raise AnswerError(words, hint="try again later, or choose another model") from None
                await self.wait(_pause(tried, fault.wait_seconds))
        raise AssertionError("unreachable")

    async def _once(
        self,
        wire: Wire,
        request: Request,
        sent: tuple[bytes, dict[str, str]],
        seconds: float,
        said: Callable[[str], None],
    ) -> Heard:
        (body, headers), reader, text = sent, wire.reader(), ""
        try:
            # Proxies of the environment are not asked: what leaves, leaves as the settings say.
            async with (
                httpx2.AsyncClient(timeout=seconds, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", f"{self.url}/v1{wire.path}", content=body, headers=headers) as response,
            ):
                if response.status_code != _OK:
                    await _refused(response)
                async for data in _events(response):
                    piece = reader.take(data)
                    if piece:
                        text += piece
                        said(text)
            # The gateway says which model answered, where that is another than the one that was asked.
            answered = response.headers.get("x-bailiwick-model", "")[:_LONGEST_NAME]
            heard = reader.heard()
            return replace(heard, route=answered or request.model)
        except httpx2.HTTPError as fault:
            raise _AgainError(f"the model gateway broke off: {type(fault).__name__}") from None
        except AnswerError as fault:
            if fault.hint:
                raise
            raise _AgainError(fault.message) from None


async def _events(response: httpx2.Response) -> AsyncIterator[str]:
    """Yield the data of server-sent events, as they come."""
    rest, came = b"", 0
    lines: list[str] = []
    async for piece in response.aiter_bytes():
        came += len(piece)
        if came > _MOST_ANSWER_BYTES:
            raise AnswerError("the model's answer is larger than 8 MiB", hint="ask for less at once")
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            text = line.removesuffix(b"\r").decode(errors="replace")
            if text:
                lines.append(text)
                continue
            data = data_of_events(lines)
            lines = []
            if data is not None:
                yield data
    # What no empty line ends is no event (HTML, "Server-sent events", 9.2.6).


async def _refused(response: httpx2.Response) -> NoReturn:
    """Raise for an answer that is none: the gateway's own words, and of the model's server only the status."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MOST_ERROR_BYTES:
            break
    words = f"the model's server answered with status {response.status_code}"
    hint = "choose another model, or ask whoever runs the platform"
    if response.headers.get("x-bailiwick-answer") == "own":
        with contextlib.suppress(ValueError, KeyError, TypeError):
            # They say what to do next, too.
            words, hint = str(json.loads(bytes(body))["error"]["message"])[:500], ""
    asked = response.headers.get("retry-after", "")
    helps = response.headers.get("x-should-retry", "true") != "false"
    if helps and response.status_code in _AGAIN:
        raise _AgainError(words, float(asked) if asked.isdecimal() and len(asked) < 6 else 0.0)  # noqa: PLR2004
    raise AnswerError(words, hint=hint)


def _pause(tried: int, asked: float) -> float:
    """Return how long to wait before another try, in seconds: longer each time, and never in step with others."""
    wait: float = max(asked, _FIRST_WAIT_SECONDS * 2**tried)
    jitter: float = secrets.randbelow(250) / 1000
    return min(wait, _LONGEST_WAIT_SECONDS) * (1 + jitter)
