"""Asks a model through the model gateway: bounded in time and size, again where that may help, never elsewhere."""

import contextlib
import json
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from bailiwick.control.inference.errors import ModelError
from bailiwick.control.inference.model import Answer, Question, Route
from bailiwick.control.inference.wires import FORMS, read_answer

_MOST_ANSWER_BYTES = 4 * 2**20
_TRIES = 3
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the model gateway is, and what makes a short-lived token for it. The credentials of models are there."""

    url: str
    token: Callable[[], str]


class ModelClient:
    """One for all routes. `wait` is called between tries with seconds."""

    def __init__(self, gateway: Gateway | None, wait: Callable[[float], None] = time.sleep) -> None:
        self._gateway = gateway
        self._wait = wait

    def ask(self, route: Route, body: bytes, ends: float = math.inf) -> Answer:
        """Send a request that `body_of` wrote, and return the answer; raise `ModelError` when there is none.

        Nothing is waited for beyond `ends` (`time.monotonic()`).
        """
        if self._gateway is None:
            raise ModelError("no model gateway is configured", hint="inference.gateway in the settings names it")
        form = FORMS[route.wire]
        headers = {"content-type": "application/json", **form.headers(self._gateway.token())}
        url = f"{self._gateway.url}/v1{form.path}"
        for tried in range(_TRIES):
            seconds = min(route.timeout_seconds, ends - time.monotonic())
            if seconds <= 0:
                raise ModelError("the model had no time left to answer")
            # A wait between tries may be long: it must leave time for the next one.
            last = tried == _TRIES - 1 or ends - time.monotonic() < _LONGEST_WAIT_SECONDS
            try:
                said = self._post(seconds, url, body, headers)
            except httpx2.TimeoutException as fault:
                raise ModelError(f"the model did not answer within {seconds:.3g} s") from fault
            except httpx2.HTTPError as fault:
                if last:
                    raise ModelError(f"the model gateway cannot be reached: {type(fault).__name__}") from None
                self._wait(_pause(tried, 0.0))
                continue
            if said.status == httpx2.codes.OK:
                return read_answer(route.wire, said.body)
            if last or not said.again or said.status not in _AGAIN:
                raise ModelError(said.words)
            self._wait(_pause(tried, said.wait_seconds))
        raise AssertionError("unreachable")

    @staticmethod
    def _post(seconds: float, url: str, body: bytes, headers: dict[str, str]) -> "_Said":
        ends = time.monotonic() + seconds
        answer = bytearray()
        # Proxies of the environment are not asked: what leaves, leaves as the settings say.
        with (
            httpx2.Client(timeout=seconds, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            for piece in response.iter_bytes():
                answer += piece
                if len(answer) > _MOST_ANSWER_BYTES:
                    raise ModelError("the model's answer is larger than 4 MiB")
                if time.monotonic() > ends:
                    raise httpx2.ReadTimeout("the answer takes too long")
            asked = response.headers.get("retry-after", "")
            return _Said(
                response.status_code,
                bytes(answer),
                wait_seconds=float(asked) if asked.isdecimal() else 0.0,
                again=response.headers.get("x-should-retry", "true") != "false",
                by_gateway=response.headers.get("x-bailiwick-answer") == "own",
            )


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer: for how long it asks to wait, whether to ask again may help, and whether it is the gateway's own."""

    status: int
    body: bytes
    wait_seconds: float
    again: bool
    by_gateway: bool

    @property
    def words(self) -> str:
        """What is wrong. What the model's server says itself may be anything, and is not repeated."""
        if self.by_gateway:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                return str(json.loads(self.body)["error"]["message"])[:300]
        return f"the model's server answered with status {self.status}"


def body_of(route: Route, question: Question) -> bytes:
    """Return the body of the request that asks a question."""
    return json.dumps(FORMS[route.wire].body(route, question), ensure_ascii=False).encode()


def _pause(tried: int, asked: float) -> float:
    """Return how long to wait before another try, in seconds: longer each time, and never in step with others."""
    wait: float = max(asked, _FIRST_WAIT_SECONDS * 2**tried)
    jitter: float = secrets.randbelow(250) / 1000
    return min(wait, _LONGEST_WAIT_SECONDS) * (1 + jitter)
