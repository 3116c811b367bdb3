"""One session of SMTP with an app (RFC 5321): a message is taken whole, sent on, and answered for when that is done.

There is no TLS and no AUTH: the socket is in the app's own sandbox, and who it is the gateway knows. What could be read
in two ways ends the session: bare line feeds, also in a message (SMTP smuggling, CVE-2023-51764).
"""

import asyncio
import re

from bailiwick.core.principals import Identity
from bailiwick.dataplane.channel import Channel, TooLongError
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mail.gateway import MailGateway
from bailiwick.dataplane.gateways.mail.refusals import MailRefusedError
from bailiwick.dataplane.gateways.mail.upstream import Letter
from bailiwick.dataplane.router.watch import Watch

_IDLE_SECONDS, _MESSAGE_SECONDS = 300.0, 300.0  # RFC 5321 section 4.5.3.2
_LONGEST_COMMAND, _LONGEST_LINE = 2048, 64 * 1024
_MOST_FAULTS = 20
_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_PATH = {
    "MAIL": re.compile(rf"FROM:[ ]?<({_ADDRESS})>((?: [!-~]+)*)", re.IGNORECASE),
    "RCPT": re.compile(rf"TO:[ ]?<({_ADDRESS})>((?: [!-~]+)*)", re.IGNORECASE),
}
_NO_NEED = "the gateway signs in for the app: leave out user and password"
_HELP = {
    "AUTH": (503, "5.5.1", f"no credential is needed here; {_NO_NEED}"),
    "STARTTLS": (502, "5.5.1", "this is inside the app's own sandbox; the gateway speaks TLS to the mail server"),
    "VRFY": (252, "2.5.2", "send it, and it is tried"),
    "EXPN": (502, "5.5.1", "lists are not told"),
    "HELP": (214, "2.0.0", "EHLO MAIL RCPT DATA RSET NOOP QUIT"),
    "NOOP": (250, "2.0.0", "OK"),
}


class _BrokenError(Exception):
    """What came is not SMTP, or means two things."""


class MailSession:
    """One connection of an app."""

    def __init__(self, gateway: MailGateway, binding: Binding, channel: Channel, places: asyncio.Semaphore) -> None:
        self.binding = binding
        self.identity: Identity | None = None
        self._gateway = gateway
        self._channel = channel
        self._places = places
        self._watch = Watch()
        self._task = asyncio.current_task()
        self._sender = ""
        self._traceparent = ""
        self._recipients: list[str] = []
        self._faults = 0
        self._most_bytes = max((grant.most_bytes for grant in binding.grant.mail), default=0)

    def end(self) -> None:
        """End it now: whoever it is of has lost their access, or the way is closed."""
        self._channel.abort()
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Serve until one side ends it."""
        try:
            await self._say(220, "", f"{self.binding.resource}.internal Bailiwick ESMTP")
            while await self._next():
                pass
        except (_BrokenError, TooLongError) as fault:
            words = str(fault) or "a line is too long"
            await self._say(500, "5.5.2", f"{words}; the connection ends here")
        finally:
            self._watch.stop()

    async def _next(self) -> bool:
        """Do one command; return whether another may follow."""
        line = (await self._line(_LONGEST_COMMAND, _IDLE_SECONDS))[:-2].decode("ascii", "replace")
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        try:
            return await self._do(verb, rest.strip())
        except MailRefusedError as fault:
            self._faults += 1
            hint = f" ({fault.hint})" if fault.hint else ""
            await self._say(fault.reply, fault.enhanced, f"{fault.message}{hint}")
            if self._faults >= _MOST_FAULTS:
                await self._say(421, "4.7.0", "too much was refused in this session")
            return self._faults < _MOST_FAULTS

    async def _do(self, verb: str, rest: str) -> bool:
        if verb in {"EHLO", "HELO"}:
            self._reset()
            await self._greet(extended=verb == "EHLO")
        elif verb == "MAIL":
            self._mail(rest)
            await self._say(250, "2.1.0", "OK")
        elif verb == "RCPT":
            self._recipient(rest)
            await self._say(250, "2.1.5", "OK")
        elif verb == "DATA":
            await self._data()
        elif verb == "RSET":
            self._reset()
            await self._say(250, "2.0.0", "OK")
        elif verb == "QUIT":
            await self._say(221, "2.0.0", "bye")
            return False
        elif verb in _HELP:
            await self._say(*_HELP[verb])
        else:
            raise MailRefusedError(500, "5.5.1", "this is no command of SMTP that is known here")
        return True

    # -- commands ------------------------------------------------------------------------------------------------

    async def _greet(self, *, extended: bool) -> None:
        name = f"{self.binding.resource}.internal"
        if not extended:
            await self._say(250, "", name)
            return
        offers = [name, "PIPELINING", f"SIZE {self._most_bytes}", "8BITMIME", "ENHANCEDSTATUSCODES", "XTRACE"]
        lines = [f"250{' ' if offer is offers[-1] else '-'}{offer}\r\n" for offer in offers]
        await self._write("".join(lines))

    def _mail(self, rest: str) -> None:
        if self._sender:
            raise MailRefusedError(503, "5.5.1", "a message was begun already")
        sender, parameters = _path("MAIL", rest)
        for name, value in parameters.items():
            if name == "XTRACE":
                self._traceparent = value
            elif name == "SIZE" and value.isdigit():
                if int(value) > self._most_bytes:
                    raise _too_large(self._most_bytes)
            elif name != "BODY" or value.upper() not in {"7BIT", "8BITMIME"}:
                raise MailRefusedError(555, "5.5.4", f"the parameter {name[:20]} is not known here")
        self._gateway.require_opened(self.binding, sender, ())
        self._sender = sender

    def _recipient(self, rest: str) -> None:
        if not self._sender:
            raise MailRefusedError(503, "5.5.1", "MAIL FROM comes first")
        recipient, parameters = _path("RCPT", rest)
        if parameters:
            raise MailRefusedError(555, "5.5.4", "parameters of a recipient are not known here")
        self._gateway.require_opened(self.binding, self._sender, (*self._recipients, recipient))
        self._recipients.append(recipient)

    async def _data(self) -> None:
        if not self._recipients:
            raise MailRefusedError(503, "5.5.1", "RCPT TO comes first")
        async with self._places:
            await self._say(354, "", "go on; a line with nothing but a dot ends it")
            content = await self._content()
            letter = Letter(self._sender, tuple(dict.fromkeys(self._recipients)), content)
            traceparent = self._traceparent
            self._reset()
            try:
                await self._send(letter, traceparent)
            finally:
                self.identity = None
        await self._say(250, "2.0.0", "sent on")

    async def _send(self, letter: Letter, traceparent: str) -> None:
        """Send a message on, unless its sender goes away before: then nobody would know what became of it."""
        self._channel.on_end = self.end
        try:
            await self._gateway.send(self.binding, letter, traceparent, self._begun)
        finally:
            self._channel.on_end = None

    def _begun(self, identity: Identity) -> None:
        self.identity = identity

    def _reset(self) -> None:
        self._sender, self._traceparent, self._recipients = "", "", []

    async def _content(self) -> bytes:
        """Return a message without what SMTP put before dots (RFC 5321 section 4.5.2)."""
        content = bytearray()
        self._watch.expect(self._channel, _MESSAGE_SECONDS)
        size = 0
        while (line := await self._line(_LONGEST_LINE, None)) != b".\r\n":
            size += len(line)
            if size <= self._most_bytes:
                content += line[1:] if line.startswith(b".") else line
            elif size > 2 * self._most_bytes:
                raise _BrokenError("the message is far larger than it may be")
        self._watch.rest()
        if size > self._most_bytes:
            self._reset()
            raise _too_large(self._most_bytes)
        return bytes(content)

    # -- lines ---------------------------------------------------------------------------------------------------

    async def _line(self, longest: int, seconds: float | None) -> bytes:
        """Return the next line with its end; `seconds` is how long it may take, None where something else says so."""
        if seconds is not None:
            self._watch.expect(self._channel, seconds)
        line = await self._channel.until(b"\r\n", longest)
        if seconds is not None:
            self._watch.rest()
        if b"\n" in line[:-2] or b"\r" in line[:-2] or b"\0" in line:
            raise _BrokenError("lines end with CR and LF (smtplib: send_message, or sendmail with text)")
        return line

    async def _say(self, reply: int, enhanced: str, words: str) -> None:
        shown = "".join(mark if " " <= mark <= "~" else "?" for mark in words)[:400]
        await self._write(f"{reply} {f'{enhanced} ' if enhanced else ''}{shown}\r\n")

    async def _write(self, text: str) -> None:
        self._channel.write(text.encode("ascii", "replace"))
        self._watch.expect(self._channel, _IDLE_SECONDS)
        await self._channel.drain()
        self._watch.rest()


def _path(verb: str, rest: str) -> tuple[str, dict[str, str]]:
    """Return the address of a command, in lower case, and its parameters."""
    found = _PATH[verb].fullmatch(rest)
    if found is None:
        raise MailRefusedError(501, "5.1.3", f"{verb} names one plain address in angle brackets")
    parameters = [item.partition("=") for item in found[2].split()]
    return found[1].lower(), {name.upper(): value for name, _, value in parameters}


def _too_large(most: int) -> MailRefusedError:
    return MailRefusedError(552, "5.3.4", f"the message is larger than {most} bytes, the most that is opened")
