"""`Idempotency-Key`: a write that is sent again is answered again, not done again."""

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import API_AUDIENCE
from bailiwick.control.requests import Answer
from bailiwick.core.errors import BailiwickError, InvalidInputError, NotAuthenticatedError
from bailiwick.faces.api.problems import problem_response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY, _AUTHORIZATION = b"idempotency-key", b"authorization"
_MOST_BYTES = 1 << 20
_PUSHES = "/v1/push/"
_SERVER_ERROR = 500
# Answers that show a secret once: they are not kept, so a key has no effect there.
_SECRET_ANSWERS = ("/directory-tokens", "/revealed")


class Repeats:
    """ASGI middleware around the API. Only writes with a key and somebody behind them are touched."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]], control: ControlPlane) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope.get("headers", ()))
        secret = str(scope.get("path", "")).endswith(_SECRET_ANSWERS)
        if scope["type"] != "http" or scope["method"] not in _WRITES or _KEY not in headers or secret:
            await self._app(scope, receive, send)
            return
        principal = await run_in_threadpool(self._principal, headers.get(_AUTHORIZATION, b"").decode("latin-1"))
        if principal is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._once(scope, receive, send, principal, headers[_KEY].decode("latin-1"))
        except BailiwickError as fault:
            await problem_response(fault)(scope, receive, send)

    async def _once(self, scope: Message, receive: Receive, send: Send, principal: str, key: str) -> None:
        repeats = self._control.repeats
        body = await _read(receive, self._most_bytes(scope["path"]))
        place = b"\0".join([scope["method"].encode(), scope["path"].encode(), scope["query_string"], body])
        known = await run_in_threadpool(repeats.begin, principal, key, hashlib.sha256(place).hexdigest())
        if known is not None:
            await _send(send, known, [(b"idempotency-replayed", b"true")])
            return
        recorder = _Recorder()
        try:
            await self._app(scope, _given(body), recorder.take)
        except BaseException:
            await run_in_threadpool(repeats.forget, principal, key)
            raise
        answer = recorder.answer()
        if answer.status < _SERVER_ERROR:
            await run_in_threadpool(repeats.finish, principal, key, answer)
        else:
            await run_in_threadpool(repeats.forget, principal, key)
        await _send(send, answer, recorder.headers)

    def _most_bytes(self, path: str) -> int:
        """Return how large a write with a key may be: a push as large as one may be, everything else is small."""
        return self._control.settings.max_push_bytes if _PUSHES in path else _MOST_BYTES

    def _principal(self, authorization: str) -> str | None:
        token = authorization.partition(" ")[2]
        try:
            return str(self._control.identity.authenticate_token(token, audience=API_AUDIENCE).principal)
        except NotAuthenticatedError:
            return None  # the API itself says so


class _Recorder:
    """Takes an answer in instead of sending it."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self._status = _SERVER_ERROR
        self._media_type = ""
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.headers = [item for item in message["headers"] if item[0] not in {b"content-length", b"content-type"}]
            self._media_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
        else:
            self._body += message.get("body", b"")

    def answer(self) -> Answer:
        return Answer(self._status, self._media_type, self._body)


def _given(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _read(receive: Receive, most_bytes: int) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > most_bytes:
            raise InvalidInputError(f"a write with a key may have {most_bytes // 2**20} MiB at most here")
        if not message.get("more_body"):
            return body


async def _send(send: Send, answer: Answer, headers: list[tuple[bytes, bytes]]) -> None:
    own = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": answer.body})
