"""Opened connections whose bodies are looked through: request by request, what is sensitive is masked or refused.

One request is under way at a time, so that each answer is read as that to its own request. Bodies pass as they come; an
answer's head waits until the first of its body may pass, so that a refusal can still be said.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote_plus

import httptools

from bailiwick.core.guardrails import OpenedTls
from bailiwick.core.sensitive import Finder
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError
from bailiwick.dataplane.gateways.egress.content import Content, is_text
from bailiwick.dataplane.gateways.egress.deadline import Deadline
from bailiwick.dataplane.gateways.egress.reading import (
    PLAIN_REQUESTS,
    count,
    next_head,
    refuse,
    rendered,
    require_for,
)
from bailiwick.dataplane.gateways.egress.screening import SCREENED_PAYLOADS
from bailiwick.dataplane.router.bodies import content_of_body
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.wire import MAX_BODY_BYTES, BadRequestError, RequestHead, render_head

PLAIN_ANSWERS = ("answers-that-mean-one-thing",)
_END_OF_CHUNKS = b"0\r\n\r\n"
# A part of a body is not asked for: two of them could share a value, and neither would hold it.
_OF_ANSWERS = frozenset({b"accept-encoding", b"range", b"if-range"})
_OF_CODED = frozenset({b"content-encoding", b"content-length"})
_WITHOUT_BODY = frozenset({204, 304})


async def pass_screened(
    connection: Connection,
    near: Channel,
    far: Channel,
    rule: OpenedTls,
    usual_port: int,
    require_allowed: Callable[[RequestHead], None],
) -> None:
    """Pass requests and their answers until either side ends; raise `RefusedError` for what may not pass."""
    deadline = Deadline(connection.rails.idle_seconds, connection.rails.total_seconds, connection.cut)
    secrets = connection.opener.secrets() if connection.opener is not None else ()
    finder = Finder(rule.kinds, secrets)
    exchange: _Exchange | None = None
    try:
        far.on_end = near.close
        while head := await next_head(near, deadline):
            require_for(head, connection, usual_port)
            require_allowed(head)
            far.on_end = None
            exchange = _Exchange(connection, near, far, rule, finder, deadline)
            if not await exchange.run(head):
                break
            exchange, far.on_end = None, near.close
    except (BadRequestError, RefusedError) as fault:
        deciders = fault.deciders if isinstance(fault, RefusedError) else PLAIN_REQUESTS
        far.abort()
        if exchange is not None and exchange.answer_begun:
            # What is broken off must not look whole.
            near.abort()
            raise RefusedError(str(fault), deciders) from None
        await refuse(near, str(fault), deciders)
    finally:
        far.on_end = None
        deadline.stop()


class _Exchange:
    """One request and its answer. `run` returns whether another may follow on the same connections."""

    def __init__(
        self, connection: Connection, near: Channel, far: Channel, rule: OpenedTls, finder: Finder, deadline: Deadline
    ) -> None:
        self._connection = connection
        self._near, self._far = near, far
        self._rule = rule
        self._finder = finder
        self._deadline = deadline
        self._chunked = False
        self.answer_begun = False

    async def run(self, head: RequestHead) -> bool:
        """Pass the request and its answer."""
        if self._rule.requests != "pass":
            self._require_address(head)
        content = Content(
            self._finder,
            self._rule.requests,
            "the body of the request",
            media_type=head.get(b"content-type"),
            encoding=head.get(b"content-encoding"),
            most_bytes=MAX_BODY_BYTES,
        )
        if self._far.waiting:
            raise RefusedError("the host answers what it was not asked", PLAIN_ANSWERS)
        await self._pass_head(head, recoded=content.recoded)
        answer = asyncio.create_task(self._answer(head.method))
        self._near.on_end = self._far.abort
        try:
            await self._pass_body(head, content)
            return await answer and head.keep_alive
        finally:
            self._near.on_end = None
            answer.cancel()
            await asyncio.wait([answer])
            if not answer.cancelled():
                answer.exception()

    def _require_address(self, head: RequestHead) -> None:
        """Raise `RefusedError` for values in a path or query: nothing could stand there in their place."""
        if self._finder.find(head.target.encode()) or self._finder.find(unquote_plus(head.target).encode()):
            raise RefusedError("the address of the request holds sensitive values", SCREENED_PAYLOADS)

    async def _pass_head(self, head: RequestHead, *, recoded: bool) -> None:
        without = {b"traceparent"} if count(head, self._connection) else set()
        # Whether to go on with a body is answered here: the host hears of it only as it comes.
        without.add(b"expect")
        if recoded:
            without |= _OF_CODED
            head = head._replace(length=None)
        if self._rule.answers != "pass":
            without |= _OF_ANSWERS
        await self._connection.passed_out(rendered(head, without), self._far)
        if head.get(b"expect").lower() == "100-continue":
            self._near.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _pass_body(self, head: RequestHead, content: Content) -> None:
        chunked = content.recoded or head.length is None
        try:
            async for came in content_of_body(self._near, head.length):
                self._deadline.touch()
                for piece in content.pieces(came):
                    await self._connection.passed_out(_framed(piece, chunked=chunked), self._far)
            rest = _framed(content.rest(), chunked=chunked) + (_END_OF_CHUNKS if chunked else b"")
        finally:
            self._note("request", content)
        await self._connection.passed_out(rest, self._far)

    async def _answer(self, method: str) -> bool:
        """Pass the answer; return whether the connections can be used again."""
        reader = ResponseReader(method)
        content: Content | None = None
        try:
            async for came, last in self._read(reader):
                if content is None:
                    content = self._content_of(reader)
                    if self._rule.answers != "refuse":
                        await self._begin(reader, content, method)
                for piece in content.pieces(came):
                    await self._begin(reader, content, method)
                    await self._connection.passed_back(_framed(piece, chunked=self._chunked), self._near)
                if last:
                    rest = _framed(content.rest(), chunked=self._chunked)
                    await self._begin(reader, content, method)
                    await self._connection.passed_back(rest + (_END_OF_CHUNKS if self._chunked else b""), self._near)
        finally:
            if content is not None:
                self._note("answer", content)
        if not reader.reusable:
            self._near.close()
        return reader.reusable

    async def _read(self, reader: ResponseReader) -> AsyncIterator[tuple[bytes, bool]]:
        """Yield what comes of an answer's body, once its head is there, and whether that was the last of it."""
        while not reader.done:
            try:
                data = await self._far.receive()
            except EOFError:
                if not reader.head_done or reader.chunked or reader.has_length:
                    raise ConnectionResetError("the host broke off") from None
                yield b"", True
                return
            self._deadline.touch()
            try:
                reader.feed(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                raise RefusedError("the answer of the host cannot be read", PLAIN_ANSWERS) from None
            if reader.head_done:
                yield reader.take_body(), reader.done

    def _content_of(self, reader: ResponseReader) -> Content:
        said = {name.lower(): value.decode("latin-1") for name, value in reader.headers}
        media_type = said.get(b"content-type", "")
        return Content(
            self._finder,
            self._rule.answers if is_text(media_type) else "pass",
            "the answer of the host",
            media_type=media_type,
            encoding=said.get(b"content-encoding", ""),
        )

    async def _begin(self, reader: ResponseReader, content: Content, method: str) -> None:
        """Pass an answer's head, once."""
        if self.answer_begun:
            return
        self.answer_begun = True
        has_body = method != "HEAD" and reader.status not in _WITHOUT_BODY
        self._chunked = has_body and (content.recoded or not reader.has_length)
        dropped = _OF_CODED if content.recoded else frozenset()
        headers = [header for header in reader.headers if header[0].lower() not in dropped]
        if self._chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        first = b"HTTP/1.1 %d %b" % (reader.status, reader.reason)
        self._connection.asked.answer(first)
        await self._connection.passed_back(render_head(first, headers), self._near)

    def _note(self, where: str, content: Content) -> None:
        """Count what was masked."""
        if (self._rule.requests if where == "request" else self._rule.answers) == "mask":
            self._connection.masked.update({f"{where} {kind}": found for kind, found in content.counts.items()})


def _framed(data: bytes, *, chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if chunked and data else data
