"""Git's own `http-backend` behind a raw ASGI application: who is it, may they, and bytes both ways as they come.

No framework stands between: streaming wrappers have swallowed parts of large pushes. Source: git-http-backend(1).
"""

import asyncio
import base64
import binascii
import contextlib
import os
import re
import signal
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import GIT_AUDIENCE
from bailiwick.control.source import git_environment
from bailiwick.core.errors import BailiwickError, NotAuthenticatedError
from bailiwick.core.principals import Identity

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/git/"
_PATH = re.compile(r"/git/([a-z0-9][a-z0-9/-]{0,200})\.git/(info/refs|git-upload-pack|git-receive-pack)")
_SERVICES = frozenset({"git-upload-pack", "git-receive-pack"})
_PIECE = 64 * 1024
_SECONDS = 600.0
_SLACK_BYTES = 2 * 2**20


class TooLargeError(Exception):
    """The request is larger than a push may be."""


class GitFace:
    """The ASGI application under `/git/`. A token is the password; the user name does not matter."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._most_bytes = control.settings.max_push_bytes + _SLACK_BYTES
        self._pushing: dict[str, asyncio.Lock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        match = _PATH.fullmatch(scope["path"])
        service = _service_of(scope, match[2]) if match else ""
        if match is None or service not in _SERVICES:
            await _answer(send, 404, "There is no such repository.")
            return
        try:
            identity = await asyncio.to_thread(self._authenticate, scope)
            repository = await asyncio.to_thread(self._locate, identity, match[1], service)
        except NotAuthenticatedError as fault:
            headers = [(b"www-authenticate", b'Basic realm="Bailiwick: any user name, a token as password"')]
            await _answer(send, 401, f"{fault.message}. {fault.hint}", headers)
            return
        except BailiwickError as fault:
            decided = f"\ndecided by: {', '.join(fault.deciders)}" if fault.deciders else ""
            await _answer(send, fault.status, f"{fault.message}. {fault.hint}{decided}")
            return
        async with self._turn(match[1], match[2]):
            await self._run(scope, receive, send, identity, match, repository)

    def _turn(self, app_path: str, tail: str) -> contextlib.AbstractAsyncContextManager[object]:
        """Return what makes pushes to one app take turns: a push is remembered before git moves the ref."""
        if tail != "git-receive-pack":
            return contextlib.nullcontext()
        return self._pushing.setdefault(app_path, asyncio.Lock())

    def _authenticate(self, scope: Scope) -> Identity:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        kind, _, value = header.partition(" ")
        try:
            _, _, token = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            token = ""
        if kind.lower() != "basic" or not token:
            raise NotAuthenticatedError("Git needs a token here", hint="bailiwick login, then bailiwick push")
        return self._control.identity.authenticate_token(token, audience=GIT_AUDIENCE)

    def _locate(self, identity: Identity, app_path: str, service: str) -> str:
        """Return the repository; an app that one may not read looks as if there were none."""
        with self._control.store.transaction() as session:
            app = self._control.catalog.readable_app(session, identity, app_path)
            action = "app.push" if service == "git-receive-pack" else "app.read"
            self._control.authorizer.require(session, identity, action, app.resource)
        return self._control.source.repository(app)

    async def _run(
        self, scope: Scope, receive: Receive, send: Send, identity: Identity, match: re.Match[str], repository: str
    ) -> None:
        ticket = self._control.hooks.issue_ticket(match[1], identity)
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(scope, repository, match[2], identity, ticket),
            start_new_session=True,
        )
        both = asyncio.gather(self._send_body(scope, receive, process), _relay(process, send))
        try:
            async with asyncio.timeout(_SECONDS):
                await both
        except (TooLargeError, zlib.error):
            limit = self._control.settings.max_push_bytes // 2**20
            words = f"A push may have {limit} MiB at most. Keep data outside the repository."
            with contextlib.suppress(RuntimeError):
                await _answer(send, 413, words)
        except (TimeoutError, ConnectionError, OSError):
            with contextlib.suppress(RuntimeError):
                await _answer(send, 504, "Git took too long.")
        finally:
            both.cancel()
            self._control.hooks.withdraw_ticket(ticket)
            _kill_group(process)
            await process.wait()

    async def _send_body(self, scope: Scope, receive: Receive, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for
        packed = dict(scope["headers"]).get(b"content-encoding") == b"gzip"
        inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        total = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            data = message.get("body", b"")
            if inflate is not None:
                data = inflate.decompress(data, self._most_bytes)
            total += len(data)
            if total > self._most_bytes or (inflate is not None and inflate.unconsumed_tail):
                raise TooLargeError
            process.stdin.write(data)
            with contextlib.suppress(ConnectionError):
                await process.stdin.drain()
            if not message.get("more_body"):
                break
        process.stdin.close()


def _service_of(scope: Scope, tail: str) -> str:
    if tail != "info/refs":
        return tail if scope["method"] == "POST" else ""
    query = scope["query_string"].decode("latin-1")
    return query.removeprefix("service=") if scope["method"] == "GET" else ""


def _environment(scope: Scope, repository: str, tail: str, identity: Identity, ticket: str) -> dict[str, str]:
    """Return the CGI environment (RFC 3875), made from what we decided; nothing but the body's form is the client's."""
    headers = dict(scope["headers"])
    version = headers.get(b"git-protocol", b"").decode("latin-1")
    return git_environment(
        {
            "GIT_PROJECT_ROOT": repository,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{tail}",
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "REQUEST_METHOD": scope["method"],
            "CONTENT_TYPE": headers.get(b"content-type", b"").decode("latin-1"),
            "GIT_PROTOCOL": version if re.fullmatch(r"version=[0-9]", version) else "",
            "REMOTE_USER": str(identity.principal),
            "REMOTE_ADDR": "127.0.0.1",
            "BAILIWICK_PUSH_TICKET": ticket,
        }
    )


def _kill_group(process: asyncio.subprocess.Process) -> None:
    """End http-backend and the git processes that it started, which share our pipes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _relay(process: asyncio.subprocess.Process, send: Send) -> None:
    """Send what http-backend answers: CGI headers, then the body in pieces."""
    assert process.stdout is not None  # noqa: S101 - asked for
    status, headers = 200, []
    while line := (await process.stdout.readline()).rstrip(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    if not headers:
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while piece := await process.stdout.read(_PIECE):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer(send: Send, status: int, words: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = (words + "\n").encode()
    own = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
