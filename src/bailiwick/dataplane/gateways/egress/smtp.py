"""Mail to a declared host: SMTP in lockstep (RFC 5321), and TLS for that host once both sides agreed on it (RFC 3207).

Commands and answers pass one by one, so that nothing but SMTP does. What could be read in two ways ends the connection:
bare line feeds, also in a message (SMTP smuggling, CVE-2023-51764), and commands sent ahead of TLS (CVE-2011-0411).
Credentials do not pass in clear: the host's offer to take them is left out of its answer until TLS is there.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

from bailiwick.dataplane.channel import Channel, TooLongError
from bailiwick.dataplane.gateways.egress.connection import Connection, RefusedError
from bailiwick.dataplane.gateways.egress.deadline import Deadline
from bailiwick.dataplane.gateways.egress.tls import TLS_FOR_THE_HOST, require_name
from bailiwick.dataplane.hello import HelloError, NamelessError, needed, server_name

PLAIN_MAIL = ("mail-that-means-one-thing",)
NO_CREDENTIALS_IN_CLEAR = ("no-credentials-in-clear",)
_COMMANDS = frozenset({"EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "STARTTLS", "VRFY", "HELP"})
# What a host may offer: whatever is only a parameter of the commands above.
_OFFERS = frozenset(
    {"SIZE", "8BITMIME", "PIPELINING", "STARTTLS", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "HELP", "LIMITS",
     "REQUIRETLS", "DELIVERBY", "MT-PRIORITY", "FUTURERELEASE"}
)  # fmt: skip
_ANSWER = re.compile(rb"([2-5][0-9]{2})([ -]?)[\t -~\x80-\xff]*")
_LONGEST_COMMAND = 2048
_LONGEST_ANSWER = 4096
_MOST_ANSWER_LINES = 200
_LONGEST_LINE = 256 * 1024
_PIECE = 64 * 1024


async def pass_mail(connection: Connection) -> None:
    """Pass a session on until it ends; raise `RefusedError` for what may not pass, which ends it."""
    near = await connection.near_channel()
    far = await connection.far_channel()
    deadline = Deadline(connection.rails.idle_seconds, connection.rails.total_seconds, connection.cut)
    try:
        await _Session(connection, near, far, deadline).run()
    except RefusedError as fault:
        far.abort()
        with contextlib.suppress(ConnectionError):
            near.write(f"554 5.7.1 Bailiwick did not let this through: {fault}\r\n".encode())
            await near.drain()
        raise
    finally:
        deadline.stop()


class _Session:
    """One session, from the host's greeting to its end or to TLS."""

    def __init__(self, connection: Connection, near: Channel, far: Channel, deadline: Deadline) -> None:
        self._connection = connection
        self._near = near
        self._far = far
        self._deadline = deadline

    async def run(self) -> None:
        await self._answer()
        while command := await self._command():
            verb = command.split(b" ", 1)[0].strip().decode("ascii", "replace").upper()
            self._require_allowed(verb)
            await self._connection.passed_out(command, self._far)
            code = await self._answer(offers=verb == "EHLO")
            if verb == "DATA" and code == b"354":
                await self._message()
                self._connection.requests += 1
                await self._answer()
            elif verb == "STARTTLS" and code == b"220":
                await self._tls()
                return
            elif verb == "QUIT" or code == b"421":
                return

    def _require_allowed(self, verb: str) -> None:
        if verb == "AUTH":
            raise RefusedError("credentials are sent before STARTTLS", NO_CREDENTIALS_IN_CLEAR)
        if verb not in _COMMANDS:
            raise RefusedError(f"{verb[:20]!a} is no command of SMTP that passes here", PLAIN_MAIL)
        if verb == "STARTTLS" and self._near.waiting:
            raise RefusedError("something was sent ahead of TLS", PLAIN_MAIL)

    async def _command(self) -> bytes:
        """Return the next command with its line end, nothing when there is none any more."""
        self._far.on_end = self._near.close
        try:
            return await self._line(self._near, _LONGEST_COMMAND)
        except EOFError:
            return b""
        finally:
            self._far.on_end = None

    async def _line(self, channel: Channel, longest: int) -> bytes:
        try:
            line = await channel.until(b"\r\n", longest)
        except TooLongError:
            raise RefusedError("a line is too long for SMTP", PLAIN_MAIL) from None
        if b"\n" in line[:-2] or b"\r" in line[:-2] or b"\0" in line:
            raise RefusedError("a line does not end as lines of SMTP do", PLAIN_MAIL)
        self._deadline.touch()
        return line

    async def _answer(self, *, offers: bool = False) -> bytes:
        """Pass the host's answer on and return its code; of its `offers` only those that pass here."""
        lines: list[bytes] = []
        while len(lines) < _MOST_ANSWER_LINES:
            line = await self._line(self._far, _LONGEST_ANSWER)
            match = _ANSWER.fullmatch(line[:-2])
            if match is None:
                raise RefusedError("the host does not speak SMTP", PLAIN_MAIL)
            lines.append(line)
            if match[2] != b"-":
                kept = [item for place, item in enumerate(lines) if place == 0 or not offers or _is_offered(item)]
                kept[-1] = kept[-1][:3] + b" " + kept[-1][4:]
                await self._connection.passed_back(b"".join(kept), self._near)
                return match[1]
        raise RefusedError("the host's answer does not end", PLAIN_MAIL)

    async def _message(self) -> None:
        """Pass a message on up to the line that ends it: a dot between two line ends of SMTP, and nothing like one."""
        piece = bytearray()
        line = b""
        while line != b".\r\n":
            line = await self._line(self._near, _LONGEST_LINE)
            piece += line
            # The end goes out by itself: a message that breaks off has none.
            if len(piece) >= _PIECE or line == b".\r\n":
                await self._connection.passed_out(bytes(piece), self._far)
                piece.clear()

    async def _tls(self) -> None:
        if self._near.waiting or self._far.waiting:
            raise RefusedError("something was sent ahead of TLS", PLAIN_MAIL)
        try:
            head = await self._near.exactly(5)
            hello = head + await self._near.exactly(needed(head) - len(head))
            with contextlib.suppress(NamelessError):
                require_name(server_name(hello), self._connection.target.host)
        except HelloError as fault:
            raise RefusedError(str(fault), TLS_FOR_THE_HOST) from None
        await self._connection.passed_out(hello, self._far)
        out = self._copy(self._near, self._far, self._connection.passed_out)
        back = self._copy(self._far, self._near, self._connection.passed_back)
        await asyncio.gather(out, back)

    async def _copy(self, source: Channel, target: Channel, write: Callable[[bytes, Channel], Awaitable[None]]) -> None:
        try:
            while True:
                data = await source.receive()
                self._deadline.touch()
                await write(data, target)
        except EOFError:
            target.end()
        except ConnectionError:
            source.abort()
            target.abort()


def _is_offered(line: bytes) -> bool:
    return line[4:-2].split(b" ")[0].decode("ascii", "replace").upper() in _OFFERS
