"""An answer of a service on its way back: passed on piece by piece, or whole where fields of it are masked.

A service that breaks off leaves the app's connection broken off too, so that nobody takes a part for the whole.
"""

import re

from bailiwick.core.oauth import dpop
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import chunk, more_of
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.addresses import REDIRECTS, rewriter
from bailiwick.dataplane.gateways.services.fields import linked, masked
from bailiwick.dataplane.gateways.services.going import Going
from bailiwick.dataplane.gateways.services.headers import answer_head
from bailiwick.dataplane.gateways.withholding import Withheld
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import Headers

_WRITE_SECONDS = 60.0
# What is looked through is held in memory first.
_MOST_LOOKED_AT_BYTES = 8 * 2**20
_JSON = re.compile(rb"application/([a-z0-9.+-]+\+)?json[ \t]*(;|$)")
_OF_A_BODY = frozenset({b"content-type", b"content-disposition", b"content-language", b"content-range", b"etag"})
_BODILESS = frozenset({204, 304})
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304


class Relay:
    """The answer to one call: first its head, then the rest. `keep_alive` says whether the app may ask on."""

    def __init__(self, client: Channel, watch: Watch, going: Going) -> None:
        self.begun = False
        self.keep_alive = False
        self.bytes_in = 0
        self._client = client
        self._watch = watch
        self._going = going
        self._reader = ResponseReader(going.wanted.method)
        self._fields = going.fields
        self._links: frozenset[str] = frozenset()
        self._most_bytes = going.connection.most_answer_bytes
        self._withheld = [Withheld(secret) for secret in (going.shown.secrets if going.shown is not None else ())]
        self._kept: list[bytes] = []
        self._framed = False
        self._over = watch.now() + going.connection.answer_seconds
        self._head_over = watch.now() + going.connection.timeout_seconds
        self._location = b""

    @property
    def status(self) -> int:
        """The status of the answer, 0 before it has one."""
        return self._reader.status

    @property
    def wanted_nonce(self) -> str:
        """The nonce that the service wants in the next proof, empty where it wants none (RFC 9449 section 9)."""
        said = {name.lower(): value.decode("latin-1") for name, value in self._reader.headers}
        nonce = said.get(dpop.NONCE_HEADER.encode(), "")
        wants = dpop.USE_NONCE in said.get(b"www-authenticate", "")
        return nonce if wants and dpop.is_nonce(nonce) else ""

    @property
    def reusable(self) -> bool:
        """Whether another call may follow on the connection to the service."""
        return self._reader.reusable

    @property
    def headers(self) -> Headers:
        """The headers of the answer, as the service wrote them."""
        return self._reader.headers

    def expect(self, upstream: Channel) -> None:
        """Wait for the service from now on, as long as it may take; the head of an answer has one time in all."""
        over = self._over if self._reader.head_done else min(self._over, self._head_over)
        timeout = self._going.connection.timeout_seconds
        self._watch.expect(upstream, max(0.0, min(timeout, over - self._watch.now())))

    def restart(self) -> None:
        """Count the time for the head from now on: the whole call is sent only now."""
        self._head_over = self._watch.now() + self._going.connection.timeout_seconds

    async def read_head(self, upstream: Channel, data: bytes) -> None:
        """Read the head of an answer that begins with `data`; raise `EOFError` for one that ends too early."""
        while data:
            self._reader.feed(data)
            if self._reader.head_done:
                return
            self.expect(upstream)
            data = await more_of(upstream)
        raise EOFError

    async def pass_on(self, upstream: Channel) -> None:
        """Pass the answer on whose head was read.

        Raises `CallRefusedError` for an answer that may not be passed on, `EOFError` for one that ends too early.
        """
        self._require_passable()
        reader = self._reader
        while True:
            await self._take(reader.take_body(), last=reader.done)
            if reader.done:
                return
            self.expect(upstream)
            data = await more_of(upstream)
            if not data:
                break
            reader.feed(data)
        if reader.chunked or reader.has_length:
            raise EOFError
        # An answer without a length ends with its connection (RFC 9112 section 6.3).
        await self._take(b"", last=True)

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _require_passable(self) -> None:
        status = self._reader.status
        if status in {401, 407}:
            # What it says is about our credential, and may repeat it.
            raise CallRefusedError(
                502,
                f"the service does not take the platform's credential (status {status})",
                hint="whoever looks after the integration must renew it",
            )
        headers = {name.lower(): value for name, value in self._reader.headers}
        if status in _REDIRECTS and status != _NOT_MODIFIED:
            self._redirect(status, headers.get(b"location", b""))
            return
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise CallRefusedError(502, "the service compresses its answer although it was not asked to")
        if _JSON.match(headers.get(b"content-type", b"").lower()):
            self._links = self._going.matched.links
        if self._fields or self._links:
            self._most_bytes = min(self._most_bytes, _MOST_LOOKED_AT_BYTES)

    def _redirect(self, status: int, location: bytes) -> None:
        """Send the app where the service sends it, when that is open; what the service says besides stays here."""
        if status not in REDIRECTS:
            raise CallRefusedError(502, "the service sends calls elsewhere, where they do not go")
        for withheld in self._withheld:
            location = withheld.whole(location)
        written = location.decode("latin-1")
        self._location = self._going.addresses.redirect(status, written, self._going.grants)
        self._fields = ()

    async def _take(self, body: bytes, *, last: bool) -> None:
        self.bytes_in += len(body)
        if self.bytes_in > self._most_bytes:
            raise CallRefusedError(502, f"the service's answer is larger than {self._most_bytes // 1024} KiB")
        for withheld in self._withheld:
            body = withheld.feed(body) + (withheld.rest() if last else b"")
        if self._location:
            if last:
                await self._write(self._head(0))
            return
        if self._fields or self._links:
            self._kept.append(body)
            if last:
                await self._write_changed(b"".join(self._kept))
            return
        out = b"" if self.begun or not self._reader.head_done else self._head()
        if out or body or last:
            await self._write(out + self._framing(body, last=last))

    async def _write_changed(self, whole: bytes) -> None:
        content = masked(whole, self._fields) if whole and self._fields else whole
        if content and self._links:
            content = linked(content, self._links, rewriter(self._going.addresses))
        length = None if self._is_bodiless else len(content)
        await self._write(self._head(length) + content)

    def _head(self, length: int | None = None) -> bytes:
        """Return the head, of a body of this length, or of the length that the service said, if it said one."""
        self.begun = True
        reader = self._reader
        if length is None and reader.has_length:
            length = next((int(value) for name, value in reader.headers if name.lower() == b"content-length"), None)
        self._framed = length is not None or self._is_bodiless
        headers: Headers = []
        for name, value in reader.headers:
            for withheld in self._withheld:
                value = withheld.whole(value)  # noqa: PLW2901 - one after the other
            headers += self._led(name, value)
        if self._location:
            headers = [(name, value) for name, value in headers if name.lower() not in _OF_A_BODY]
            headers.append((b"location", self._location))
        return answer_head(
            reader.status, headers, length=length, bodiless=self._is_bodiless, keep_alive=self.keep_alive
        )

    def _led(self, name: bytes, value: bytes) -> Headers:
        """Return a header with what leads back to the service written so that the app can follow it."""
        addresses = self._going.addresses
        match name.lower():
            case b"link":
                return [(name, addresses.links(value))]
            case b"location":
                # Of what was made (RFC 9110 section 10.2.2); where a redirect leads is written apart.
                own = addresses.own(value.decode("latin-1"))
                return [(name, own.encode())] if own is not None and own.isascii() and not self._location else []
            case _:
                return [(name, value)]

    @property
    def _is_bodiless(self) -> bool:
        return self._going.wanted.method == "HEAD" or self._reader.status in _BODILESS

    def _framing(self, body: bytes, *, last: bool) -> bytes:
        return body if self._framed else chunk(body, last=last)

    async def _write(self, out: bytes) -> None:
        if out:
            self._client.write(out)
            self._watch.expect(self._client, _WRITE_SECONDS)
            await self._client.drain()
            self._watch.rest()
