"""The mail gateway's mind: who may send which message, that it goes out once, and what is said of it after."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.messages import BasicPassword, MailConnection
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Call, Identity, Principal
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.mail.matching import read_head, require_opened, without_ours
from bailiwick.dataplane.gateways.mail.refusals import CredentialRefusedError, MailRefusedError, forbidden
from bailiwick.dataplane.gateways.mail.upstream import Letter, hand_over
from bailiwick.dataplane.gateways.refusals import CallRefusedError, call_behind
from bailiwick.dataplane.gateways.under_way import EndsCalls
from bailiwick.dataplane.guard import Guard

_MOST_NAMED = 20


@dataclass(slots=True)
class Sent:
    """What is told of one message: nothing of its content but its size and its own id."""

    letter: Letter
    message_id: str = ""
    identity: Identity | None = None
    trace: str = ""
    deciders: tuple[str, ...] = ()


@dataclass
class MailGateway(EndsCalls):
    """Shared by all apps of a plane.

    `connection` returns where the mail server behind a socket is now, None when it is gone; `secret` fetches a password
    by its name, and `forget` has it fetched anew; `resolve` turns a trace id into the request in flight; `authorize`
    asks policy; `emit` takes audit events and must not wait; `guard` is told what is used.
    """

    connection: Callable[[Binding], MailConnection | None]
    secret: Callable[[str], Awaitable[str]]
    forget: Callable[[str], None]
    resolve: Callable[[str], Call | None]
    authorize: Callable[[Identity, Binding], Decision]
    emit: Callable[[AuditEvent], None]
    clock: Clock
    guard: Guard = field(default_factory=Guard.of_nothing)

    def require_opened(self, binding: Binding, sender: str, recipients: Sequence[str]) -> None:
        """Return when the grant opens mail from a sender to all of these; raise `MailRefusedError`, audited, if not."""
        try:
            require_opened(binding.grant.mail, sender, recipients)
        except MailRefusedError as fault:
            self._note_refused(binding, Sent(Letter(sender, tuple(recipients), b"")), fault)
            raise

    async def send(self, binding: Binding, letter: Letter, traceparent: str, begun: Callable[[Identity], None]) -> None:
        """Send a message on; raise `MailRefusedError` when it was not, which is then true of every recipient.

        `traceparent` says for whose request it is; where it is empty the message's own header of that name does.
        `begun` is told whose it is, before anything leaves.
        """
        sent = Sent(letter)
        try:
            connection = self._admit(binding, sent, traceparent)
            begun(sent.identity or _app(binding))
            password = await self._password(binding, connection)
        except MailRefusedError as fault:
            self._note_refused(binding, sent, fault)
            raise
        began = time.monotonic()
        try:
            await hand_over(connection, password, sent.letter)
        except MailRefusedError as fault:
            self._note_sent(binding, sent, began, fault.message)
            if isinstance(fault, CredentialRefusedError):
                for name in connection.secrets:
                    self.forget(name)
            raise
        except BaseException:
            self._note_sent(binding, sent, began, "broken off: it may have been sent")
            raise
        self._note_sent(binding, sent, began, "")

    def _admit(self, binding: Binding, sent: Sent, traceparent: str) -> MailConnection:
        """Find out whose message it is and that it may be sent; return where to."""
        letter = sent.letter
        grant = require_opened(binding.grant.mail, letter.sender, letter.recipients)
        head = read_head(letter.content, binding.grant.mail)
        sent.message_id = head.message_id
        sent.identity, sent.trace = self._caller(traceparent or head.traceparent, binding)
        if len(letter.content) > grant.most_bytes:
            raise MailRefusedError(552, "5.3.4", f"the message is larger than {grant.most_bytes} bytes")
        decision = self.authorize(sent.identity, binding)
        sent.deciders = tuple(decision.deciders)
        if not decision.allowed:
            raise forbidden(decision.reason, deciders=decision.deciders, of_person=not sent.identity.is_app)
        connection = self.connection(binding)
        if connection is None:
            raise MailRefusedError(451, "4.3.0", f"the integration {binding.resource} is not there any more")
        sent.letter = Letter(letter.sender, letter.recipients, without_ours(letter.content))
        return connection

    def _caller(self, traceparent: str, binding: Binding) -> tuple[Identity, str]:
        try:
            call = call_behind(traceparent, binding.app, self.resolve)
        except CallRefusedError as fault:
            raise forbidden(fault.message, hint=fault.hint, deciders=fault.deciders) from None
        return (_app(binding), "") if call is None else (call.identity, call.trace)

    async def _password(self, binding: Binding, connection: MailConnection) -> str:
        if not isinstance(connection.credential, BasicPassword):
            return ""
        try:
            return await self.secret(connection.credential.secret)
        except BailiwickError as fault:
            words = f"the credential of {binding.resource} cannot be had now: {fault.message}"
            raise MailRefusedError(451, "4.3.0", words, hint=fault.hint) from None

    def _note_sent(self, binding: Binding, sent: Sent, began: float, reason: str) -> None:
        if not reason:
            self.guard.observe_egress(binding.app, len(sent.letter.content))
        context: dict[str, ContextFact] = {
            **_told(sent),
            "message_id": sent.message_id,
            "milliseconds": round((time.monotonic() - began) * 1000, 2),
        }
        self.emit(
            binding.event(
                self.clock(), sent.identity or _app(binding), sent.trace, action="mail.sent",
                outcome=Outcome.FAILED if reason else Outcome.SUCCESS, reason=reason, deciders=sent.deciders,
                context=context,
            )
        )  # fmt: skip

    def _note_refused(self, binding: Binding, sent: Sent, fault: MailRefusedError) -> None:
        self.guard.observe_refusal(binding.app, binding.resource, of_person=fault.of_person, trace=sent.trace)
        self.emit(
            binding.event(
                self.clock(), sent.identity or _app(binding), sent.trace, action="mail.refused",
                outcome=Outcome.REFUSED, reason=fault.message, deciders=tuple(fault.deciders), context=_told(sent),
            )
        )  # fmt: skip


def _told(sent: Sent) -> dict[str, ContextFact]:
    letter = sent.letter
    return {
        "sender": letter.sender,
        "recipients": letter.recipients[:_MOST_NAMED],
        "recipient_count": len(letter.recipients),
        "bytes": len(letter.content),
    }


def _app(binding: Binding) -> Identity:
    return Identity.of_service(Principal("app", binding.app))
