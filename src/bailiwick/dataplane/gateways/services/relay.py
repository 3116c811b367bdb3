"""An answer of a service on its way back: passed on piece by piece, or whole where fields of it are masked.

A service that breaks off leaves the app's connection broken off too, so that nobody takes a part for the whole.
"""

from collections.abc import Sequence

from bailiwick.core.grants import FieldMask
from bailiwick.core.oauth import dpop
from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.calls import chunk, more_of
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.gateways.services.fields import masked
from bailiwick.dataplane.gateways.services.headers import answer_head
from bailiwick.dataplane.gateways.services.showing import Shown
from bailiwick.dataplane.gateways.withholding import Withheld
from bailiwick.dataplane.router.upstream import ResponseReader
from bailiwick.dataplane.router.watch import Watch

_WRITE_SECONDS = 60.0
# What is looked through is held in memory first.
_MOST_MASKED_BYTES = 8 * 2**20
_BODILESS = frozenset({204, 304})
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304


class Relay:
    """The answer to one call. `fields` are masked in it; `most_bytes` is what may come in all."""

    def __init__(
        self,
        client: Channel,
        watch: Watch,
        method: str,
        *,
        keep_alive: bool,
        fields: Sequence[FieldMask],
        shown: Shown | None,
        timeout: float,
        most_bytes: int,
    ) -> None:
        self.begun = False
        self.bytes_in = 0
        self._client = client
        self._watch = watch
        self._reader = ResponseReader(method)
        self._method = method
        self._keep_alive = keep_alive
        self._fields = fields
        self._timeout = timeout
        self._most_bytes = min(most_bytes, _MOST_MASKED_BYTES) if fields else most_bytes
        self._withheld = [Withheld(secret) for secret in (shown.secrets if shown is not None else ())]
        self._kept: list[bytes] = []
        self._framed = False

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

    def expect(self, upstream: Channel) -> None:
        """Wait for the service from now on, as long as it may take."""
        self._watch.expect(upstream, self._timeout)

    async def pass_on(self, upstream: Channel, data: bytes) -> None:
        """Pass an answer on that begins with `data`.

        Raises `CallRefusedError` for an answer that may not be passed on, `EOFError` for one that ends too early.
        """
        reader = self._reader
        while data:
            reader.feed(data)
            if reader.head_done and not self.begun:
                self._require_passable()
            await self._take(reader.take_body(), last=reader.done)
            if reader.done:
                return
            self.expect(upstream)
            data = await more_of(upstream)
        if not reader.head_done or reader.chunked or reader.has_length:
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
        if status in _REDIRECTS and status != _NOT_MODIFIED:
            raise CallRefusedError(502, "the service sends calls elsewhere, where they do not go")
        headers = {name.lower(): value for name, value in self._reader.headers}
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise CallRefusedError(502, "the service compresses its answer although it was not asked to")

    async def _take(self, body: bytes, *, last: bool) -> None:
        self.bytes_in += len(body)
        if self.bytes_in > self._most_bytes:
            raise CallRefusedError(502, f"the service's answer is larger than {self._most_bytes // 1024} KiB")
        for withheld in self._withheld:
            body = withheld.feed(body) + (withheld.rest() if last else b"")
        if self._fields:
            self._kept.append(body)
            if last:
                await self._write_masked(b"".join(self._kept))
            return
        out = b"" if self.begun or not self._reader.head_done else self._head()
        if out or body or last:
            await self._write(out + self._framing(body, last=last))

    async def _write_masked(self, whole: bytes) -> None:
        content = masked(whole, self._fields) if whole else b""
        length = None if self._is_bodiless else len(content)
        await self._write(self._head(length) + content)

    def _head(self, length: int | None = None) -> bytes:
        """Return the head, of a body of this length, or of the length that the service said, if it said one."""
        self.begun = True
        reader = self._reader
        if length is None and reader.has_length:
            length = next((int(value) for name, value in reader.headers if name.lower() == b"content-length"), None)
        self._framed = length is not None or self._is_bodiless
        headers = []
        for name, value in reader.headers:
            for withheld in self._withheld:
                value = withheld.whole(value)  # noqa: PLW2901 - one after the other
            headers.append((name, value))
        return answer_head(
            reader.status, headers, length=length, bodiless=self._is_bodiless, keep_alive=self._keep_alive
        )

    @property
    def _is_bodiless(self) -> bool:
        return self._method == "HEAD" or self._reader.status in _BODILESS

    def _framing(self, body: bytes, *, last: bool) -> bytes:
        return body if self._framed else chunk(body, last=last)

    async def _write(self, out: bytes) -> None:
        if out:
            self._client.write(out)
            self._watch.expect(self._client, _WRITE_SECONDS)
            await self._client.drain()
            self._watch.rest()
