"""Asks a model over HTTP: bounded in time and size, again where that may help, and never to another address."""

import json
import math
import secrets
import time
from collections.abc import Callable

import httpx2
from pydantic import SecretStr

from bailiwick.control.inference.errors import ModelError
from bailiwick.control.inference.model import Answer, Question, Route
from bailiwick.control.inference.wires import FORMS, read_answer

_MOST_ANSWER_BYTES = 4 * 2**20
_TRIES = 3
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class ModelClient:
    """One for all routes. `wait` is called between tries with seconds."""

    def __init__(self, wait: Callable[[float], None] = time.sleep) -> None:
        self._wait = wait

    def ask(self, route: Route, key: SecretStr | None, body: bytes, ends: float = math.inf) -> Answer:
        """Send a request that `body_of` wrote, and return the answer; raise `ModelError` when there is none.

        Nothing is waited for beyond `ends` (`time.monotonic()`).
        """
        form = FORMS[route.wire]
        headers = {"content-type": "application/json", **form.headers(key.get_secret_value() if key else "")}
        url = route.url + form.path
        for tried in range(_TRIES):
            seconds = min(route.timeout_seconds, ends - time.monotonic())
            if seconds <= 0:
                raise ModelError("the model had no time left to answer")
            # A wait between tries may be long: it must leave time for the next one.
            last = tried == _TRIES - 1 or ends - time.monotonic() < _LONGEST_WAIT_SECONDS
            try:
                status, answer, asked = self._post(seconds, url, body, headers)
            except httpx2.TimeoutException as fault:
                raise ModelError(f"the model did not answer within {seconds:.3g} s") from fault
            except httpx2.HTTPError as fault:
                if last:
                    raise ModelError(f"the model cannot be reached: {type(fault).__name__}") from None
                self._wait(_pause(tried, 0.0))
                continue
            if status == httpx2.codes.OK:
                return read_answer(route.wire, answer)
            if last or status not in _AGAIN:
                raise ModelError(f"the model's server answered with status {status}")
            self._wait(_pause(tried, asked))
        raise AssertionError("unreachable")

    @staticmethod
    def _post(seconds: float, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, float]:
        """Return status, body and for how long the server asks to wait."""
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
            return response.status_code, bytes(answer), float(asked) if asked.isdecimal() else 0.0


def body_of(route: Route, question: Question) -> bytes:
    """Return the body of the request that asks a question."""
    return json.dumps(FORMS[route.wire].body(route, question), ensure_ascii=False).encode()


def _pause(tried: int, asked: float) -> float:
    """Return how long to wait before another try, in seconds: longer each time, and never in step with others."""
    wait: float = max(asked, _FIRST_WAIT_SECONDS * 2**tried)
    jitter: float = secrets.randbelow(250) / 1000
    return min(wait, _LONGEST_WAIT_SECONDS) * (1 + jitter)
