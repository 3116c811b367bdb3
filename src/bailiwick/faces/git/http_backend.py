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
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import GIT_AUDIENCE
from bailiwick.control.source import git_environment
from bailiwick.core.errors import BailiwickError, NotAuthenticatedError
from bailiwick.core.principals import Identity
from bailiwick.faces.origin import seen_from
from bailiwick.faces.told import told_by_headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/git/"
_PATH = re.compile(r"/git/([a-z0-9][a-z0-9/-]{0,200})\.git/(info/refs|git-upload-pack|git-receive-pack)")
_SERVICES = frozenset({"git-upload-pack", "git-receive-pack"})
_PIECE = 64 * 1024
_SECONDS = 600.0
_SLACK_BYTES = 2 * 2**20
_FIRST_BYTES = 1024
_END_SECONDS = 5.0
_LINGER_SECONDS = 30.0
_PUSH_RESULT = b"application/x-git-receive-pack-result"
# The first command of a push: old id, new id, ref, capabilities (gitprotocol-pack(5)).
_PUSH = re.compile(rb"[0-9a-f]{4}[0-9a-f]{40} [0-9a-f]{40} ([^\0\n]{1,200})\0[^\n]*\bside-band-64k\b")


class TooLargeError(Exception):
    """The request is larger than a push may be."""


class GitFace:
    """The ASGI application under `/git/`. A token is the password; the user name does not matter."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._most_bytes = control.settings.max_push_bytes + _SLACK_BYTES

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
        await self._run(scope, receive, send, identity, match, repository)

    def _authenticate(self, scope: Scope) -> Identity:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        kind, _, value = header.partition(" ")
        try:
            _, _, token = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            token = ""
        if kind.lower() != "basic" or not token:
            raise NotAuthenticatedError("Git needs a token here", hint="bailiwick login, then bailiwick push")
        return seen_from(self._control.identity.authenticate_token(token, audience=GIT_AUDIENCE), scope)

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
        ticket = self._control.hooks.issue_ticket(match[1], identity, told_by_headers(scope))
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(scope, repository, match[2], identity, ticket),
            start_new_session=True,
        )
        body, answer = _Body(scope, receive, self._most_bytes), _Answer(send)
        both = [asyncio.create_task(_feed(body, process)), asyncio.create_task(_relay(process, answer))]
        status, words = 0, ""
        try:
            async with asyncio.timeout(_SECONDS):
                await self._while_current(identity, asyncio.gather(*both))
        except NotAuthenticatedError:
            status, words = 401, "Your access ended while this ran. Nothing was taken."
        except TooLargeError:
            limit = self._control.settings.max_push_bytes // 2**20
            status, words = 413, f"A push may have {limit} MiB at most. Keep data outside the repository."
        except zlib.error:
            status, words = 400, "The body is not the gzip that its header says."
        except (TimeoutError, ConnectionError, OSError):
            status, words = 504, "Git took too long."
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
            self._control.hooks.bar_ticket(ticket)
            ending = asyncio.create_task(_end(process))
            try:
                if status:
                    await answer.refuse(body, status, words)
            finally:
                await asyncio.shield(ending)
                self._control.hooks.withdraw_ticket(ticket)

    async def _while_current(self, identity: Identity, work: asyncio.Future[list[None]]) -> None:
        """Wait for work; cancel it and raise `NotAuthenticatedError` once the identity's access ends."""
        loop = asyncio.get_running_loop()
        in_flight = self._control.in_flight
        with in_flight.entered(identity, lambda: loop.call_soon_threadsafe(work.cancel)):
            await asyncio.to_thread(in_flight.require_current, identity)
            try:
                await work
            except asyncio.CancelledError:
                await asyncio.to_thread(in_flight.require_current, identity)
                raise


class _Body:
    """A request's body as it comes, inflated, and never more of it than a push may have."""

    def __init__(self, scope: Scope, receive: Receive, most_bytes: int) -> None:
        headers = dict(scope["headers"])
        packed = headers.get(b"content-encoding", b"").lower() in {b"gzip", b"x-gzip"}
        self._receive = receive
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        self._most_bytes = most_bytes
        self._total = 0
        self._said = int(headers.get(b"content-length", b"0") or b"0")
        self.first = b""

    @property
    def refused_in_protocol(self) -> bytes | None:
        """The report that says to a git which pushes that nothing was taken; None when it is no such git.

        Source: "Report Status" in gitprotocol-pack(5), side bands in gitprotocol-capabilities(5).
        """
        push = _PUSH.match(self.first)
        if push is None or self._inflate is not None:
            return None
        report = _packet(b"unpack not taken\n") + _packet(b"ng " + push[1] + b" not taken\n") + b"0000"
        return _packet(b"\x01" + report) + b"0000"

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield its pieces; raise `TooLargeError` at the first that is too much, `ConnectionResetError` at its end."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            more = message.get("more_body", False)
            data = message.get("body", b"")
            if self._inflate is not None:
                data = self._inflate.decompress(data, self._most_bytes)
            self.first = self.first or data[:_FIRST_BYTES]
            self._total += len(data)
            too_much = self._inflate is not None and bool(self._inflate.unconsumed_tail)
            if max(self._total, self._said) > self._most_bytes or too_much:
                raise TooLargeError
            yield data

    async def drop(self, seconds: float) -> None:
        """Let what still comes go by: a git whose connection ends while it sends says that all is well."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self._receive()).get("more_body"):
                    pass


async def _feed(body: _Body, process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for
    async for data in body.pieces():
        process.stdin.write(data)
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
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


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait until http-backend has ended; without more input it does, and git takes away what it keeps in quarantine.

    Killed, it would leave that, so it is only when it does not end by itself.
    """
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 - asked for
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            while await process.stdout.read(_PIECE):
                pass
            await process.wait()
    if process.returncode is None:
        # The git processes that it started share its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


class _Answer:
    """The response of http-backend; it begins with git's first word, so that until then another answer is possible."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send status and headers."""
        self._begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def add(self, piece: bytes, *, more: bool = True) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def refuse(self, body: _Body, status: int, words: str) -> None:
        """Say why not. A git that pushes is told in its own protocol, as it shows nothing of other answers."""
        if body.refused_in_protocol is not None:
            if not self._begun:
                await self.begin(200, [(b"content-type", _PUSH_RESULT), (b"connection", b"close")])
            await self.add(_progress(words) + body.refused_in_protocol)
            await body.drop(_LINGER_SECONDS)
            await self.add(b"", more=False)
        elif not self._begun:
            await _answer(self._send, status, words)


async def _relay(process: asyncio.subprocess.Process, answer: _Answer) -> None:
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
    piece = await process.stdout.read(_PIECE)
    await answer.begin(status, headers)
    while piece:
        await answer.add(piece)
        piece = await process.stdout.read(_PIECE)
    await answer.add(b"", more=False)


async def _answer(send: Send, status: int, words: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = (words + "\n").encode()
    own = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})


def _progress(words: str) -> bytes:
    return _packet(b"\x02" + words.encode() + b"\n")


def _packet(content: bytes) -> bytes:
    return b"%04x" % (len(content) + 4) + content
