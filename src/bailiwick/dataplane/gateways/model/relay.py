"""An answer on its way back: looked through, counted, without the upstream's credential, and never half.

A stream is passed on piece by piece, any other answer once it is whole. When the server breaks off, or the search of
the answer fails, the caller is told in an error of its wire; where a part of an event is out already, the connection is
broken off too, so that nobody takes a part for the whole.
"""

import time

from bailiwick.core.messages import ModelState
from bailiwick.core.redaction import AnswerSearch
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import chunk, more_of
from bailiwick.dataplane.gateways.model.bodies import off_loop
from bailiwick.dataplane.gateways.model.errors import event, render
from bailiwick.dataplane.gateways.model.event_stream import CONTENT_TYPE, Frames, exception
from bailiwick.dataplane.gateways.model.headers import answer_head, own_answer
from bailiwick.dataplane.gateways.model.kept_answers import KeptAnswer, Slot
from bailiwick.dataplane.gateways.model.model import Called, Endpoint
from bailiwick.dataplane.gateways.model.policing import Admitted
from bailiwick.dataplane.gateways.model.prompts import Keeping
from bailiwick.dataplane.gateways.model.returning import Returning
from bailiwick.dataplane.gateways.model.usage import UsageReader
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.withholding import Withheld
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import Headers, RequestHead, render_head

_WRITE_SECONDS = 60.0
_LONGEST_ANSWER_SECONDS = 1800.0
_OK = range(200, 300)
_GOOD = 200
_WITHOUT_BODY = frozenset({204, 304})


class Relay:
    """The answer to one call."""

    def __init__(
        self,
        client: Channel,
        watch: Watch,
        head: RequestHead,
        endpoint: Endpoint,
        model: ModelState,
        search: AnswerSearch,
        admitted: Admitted,
        keeping: Keeping | None = None,
        slot: Slot | None = None,
    ) -> None:
        self._client = client
        self._watch = watch
        self._head = head
        self._endpoint = endpoint
        self._model = model
        self._search = search
        self._admitted = admitted
        self._heard = keeping.heard if keeping is not None else None
        self._returning: Returning | None = None
        self._head_out = b""
        self._reader = ResponseReader("POST")
        self._usage: UsageReader | None = None
        self._withheld = Withheld("")
        self._framed = False
        self._at_line_end = True
        self._passed = 0
        self._begun = False
        self._is_stream = False
        self._sent = False
        self._frames: Frames | None = None
        self._slot = slot
        self._copy: bytearray | None = None
        self._age: int | None = None

    @property
    def reusable(self) -> bool:
        """Whether another call may follow on the connection to the server."""
        return self._reader.reusable

    @property
    def begun(self) -> bool:
        """Whether something of the answer was passed on."""
        return self._begun and not self._head_out

    @property
    def sent(self) -> bool:
        """Whether the call was sent, of which the server may have read and billed what it says nothing of."""
        return self._sent

    @property
    def status(self) -> int:
        """The status of the answer, 0 before it has one."""
        return self._reader.status

    @property
    def headers(self) -> Headers:
        """The headers of the answer, as the server wrote them."""
        return self._reader.headers

    @property
    def answer_id(self) -> str:
        """What the server calls its answer, where it said so."""
        return self._usage.answer_id if self._usage is not None else ""

    @property
    def server_refused_us(self) -> bool:
        """Whether the server did not take our credential."""
        return self._reader.status in {401, 403}

    def sending(self, upstream: Channel) -> None:
        """Note that the call is on its way to the server, which is waited for from now on."""
        self._sent = True
        self._watch.expect(upstream, self._model.timeout_seconds)

    async def read_head(self, upstream: Channel, data: bytes) -> None:
        """Read the head of an answer that begins with `data`; raise `EOFError` for one that ends too early."""
        while data:
            self._reader.feed(data)
            if self._reader.head_done:
                return
            self._watch.expect(upstream, self._model.timeout_seconds)
            data = await more_of(upstream)
        raise EOFError

    async def answer(self, upstream: Channel, key: str) -> bool:
        """Pass an answer on whose head was read; return whether the caller's connection can go on.

        Raises `CallRefusedError` for an answer that may not be passed on, `EOFError` for one that ends too early.
        """
        self._withheld = Withheld(key)
        reader, over = self._reader, time.monotonic() + _LONGEST_ANSWER_SECONDS
        while True:
            if not self._begun:
                self._head_out = self._begin()
            await self._pass_on(reader.take_body(), last=reader.done)
            if reader.done:
                return self._head.keep_alive
            if time.monotonic() > over:
                raise CallRefusedError(504, "the answer takes longer than half an hour")
            self._watch.expect(upstream, self._model.timeout_seconds)
            data = await more_of(upstream)
            if not data:
                break
            reader.feed(data)
        if reader.chunked or reader.has_length:
            raise EOFError
        # An answer without a length ends with its connection (RFC 9112 section 6.3).
        await self._pass_on(b"", last=True)
        return self._head.keep_alive

    async def give_again(self, kept: KeptAnswer) -> bool:
        """Pass on an answer that was given before, looked through by the rules of now; return whether the caller's
        connection can go on.
        """
        self._age = kept.age_seconds
        headers = [(b"content-type", kept.content_type), (b"content-length", b"%d" % len(kept.body))]
        self._reader.feed(render_head(b"HTTP/1.1 200 OK", headers) + kept.body)
        self._head_out = self._begin()
        await self._pass_on(self._reader.take_body(), last=True)
        return self._head.keep_alive

    def to_keep(self) -> tuple[bytes, bytes] | None:
        """Return the type and the body of an answer that may be given again, None for any other."""
        if self._copy is None or not self._reader.done or self._reader.status != _GOOD:
            return None
        said = {name.lower(): value for name, value in self._reader.headers}
        if b"no-store" in said.get(b"cache-control", b"").lower():
            return None
        return said.get(b"content-type", b"application/json"), bytes(self._copy)

    async def break_off(self, fault: CallRefusedError) -> bool:
        """Tell the caller of a fault as far as that is still possible; return whether their connection can go on."""
        self._watch.rest()
        if not self._begun or self._head_out:
            body = render(fault, self._endpoint.surface)
            keep, wait = self._head.keep_alive, fault.retry_seconds
            await self._write(own_answer(fault.status, body, keep_alive=keep, retry_seconds=wait))
            return self._head.keep_alive
        if self._usage is not None and self._is_stream and not self._framed and self._at_line_end:
            told = event(fault, self._endpoint) if self._frames is None else exception(fault)
            await self._write(chunk(told) + chunk(b"", last=True))
            return self._head.keep_alive
        self._client.abort()
        return False

    def measure(self, called: Called) -> None:
        """Say how much was passed on, and with which status."""
        called.bytes_in, called.streamed = self._passed, self._begun and self._is_stream
        called.masked = dict(self._search.counts)
        if self._begun and not called.status:
            called.status = self._reader.status

    def fill(self, called: Called, *, estimated_in: int) -> None:
        """Say how many tokens the call took; what the server did not say of a good answer is estimated."""
        usage = self._usage
        if usage is None and self._sent and not self._reader.status:
            # Nothing came back of what was sent: it may have been read, and billed, all the same.
            called.tokens_in, called.estimated = estimated_in, True
        if usage is None or self._reader.status not in _OK:
            return
        usage.finish()
        called.estimated = not self._endpoint.free and (usage.tokens_in is None or usage.tokens_out is None)
        called.tokens_in = estimated_in if usage.tokens_in is None else usage.tokens_in
        called.tokens_out = usage.estimate if usage.tokens_out is None else usage.tokens_out
        called.tokens_cached, called.tokens_written = usage.cached, usage.written
        if self._endpoint.path.endswith("/embeddings"):
            called.tokens_out, called.estimated = usage.tokens_out or 0, usage.tokens_in is None
        if self._endpoint.free:
            called.tokens_out = usage.tokens_out or 0

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _begin(self) -> bytes:
        """Return the head of the answer, once it is one that may be passed on."""
        reader = self._reader
        status = reader.status
        if self.server_refused_us:
            # What it says is about our credential, and may repeat it.
            words = f"the model's server does not take the platform's credential (status {status})"
            raise CallRefusedError(502, words, hint="whoever runs the platform must renew it")
        if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 section 15.4
            raise CallRefusedError(502, "the model's server sends calls elsewhere, where they do not go")
        headers = {name.lower(): value for name, value in reader.headers}
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise CallRefusedError(502, "the model's server compresses its answer although it was not asked to")
        kind = headers.get(b"content-type", b"").lower()
        self._is_stream = kind.startswith((b"text/event-stream", CONTENT_TYPE))
        self._frames = Frames() if kind.startswith(CONTENT_TYPE) else None
        self._usage = UsageReader(streamed=self._is_stream)
        if status not in _WITHOUT_BODY:
            self._returning = Returning(self._search, self._admitted.require_tool, streamed=self._is_stream)
        # What is shown is longer or shorter than what came.
        self._framed = status in _WITHOUT_BODY
        self._begun = True
        kept = [
            (name, self._withheld.whole(value))
            for name, value in reader.headers
            if self._framed or name.lower() != b"content-length"
        ]
        if self._slot is not None and self._age is None and status == _GOOD:
            self._copy = bytearray()
        return answer_head(
            status, kept, framed=self._framed, keep_alive=self._head.keep_alive, model=self._model.name,
            age_seconds=self._age, may_be_kept=self._slot is not None,
        )  # fmt: skip

    async def _pass_on(self, body: bytes, *, last: bool) -> None:
        """Pass a piece of the body on in its framing, behind the head: that of what is no stream waits until the whole
        was looked through, so that an error can take its place.
        """
        if not self._begun:
            return
        shown = await self._looked_through(body, last=last)
        if not (shown or last or self._is_stream):
            return
        head, self._head_out = self._head_out, b""
        await self._write(head + (shown if self._framed else chunk(shown, last=last)))

    async def _looked_through(self, body: bytes, *, last: bool) -> bytes:
        if self._frames is not None:
            body = self._frames.lines(body)
            if last and not self._frames.is_whole:
                raise EOFError
        if body and self._usage is not None:
            self._usage.feed(body)
        if body and self._heard is not None:
            self._heard.feed(body)
        out = body
        if self._returning is not None:
            out = await off_loop(len(body) + self._returning.held_bytes, self._returning.feed, body)
            out += await off_loop(self._returning.held_bytes, self._returning.rest) if last else b""
        out = self._withheld.feed(out)
        if last:
            out += self._withheld.rest()
        if self._frames is not None:
            out = self._frames.frames(out)
        if out:
            self._passed += len(out)
            self._keep_copy(out)
            self._at_line_end = self._frames is not None or out.endswith(b"\n")
        return out

    def _keep_copy(self, out: bytes) -> None:
        if self._copy is None or self._slot is None:
            return
        if len(self._copy) + len(out) > self._slot.rules.most_bytes:
            self._copy = None
        else:
            self._copy += out

    async def _write(self, out: bytes) -> None:
        if out:
            self._client.write(out)
            self._watch.expect(self._client, _WRITE_SECONDS)
            await self._client.drain()
            self._watch.rest()
