"""What grants open of a message: who it is from, in its envelope and its head, to whom, and how large. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser

from bailiwick.core.grants import MailGrant
from bailiwick.dataplane.gateways.mail.refusals import MailRefusedError, forbidden

_HINT = "ask for it under access in bailiwick.toml; the next deploy then needs approval"
_HEAD_END = b"\r\n\r\n"
_MOST_HEAD_BYTES = 256 * 1024
# What the platform says itself, or takes for itself.
_OURS = re.compile(rb"(traceparent|x-bailiwick-[!-9;-~]*)[ \t]*:", re.IGNORECASE)
_SHOWN_SUBJECTS = 200


@dataclass(frozen=True, slots=True)
class Head:
    """What a message's head says that matters here."""

    traceparent: str
    message_id: str


def require_opened(grants: Iterable[MailGrant], sender: str, recipients: Sequence[str]) -> MailGrant:
    """Return the grant that opens mail from a sender to all of these; raise `MailRefusedError` where there is none."""
    from_here = [grant for grant in grants if _any(grant.senders, sender)]
    if not from_here:
        raise forbidden(f"no access opens mail as {sender[:_SHOWN_SUBJECTS]}", hint=_HINT)
    for recipient in recipients:
        if not any(_any(grant.recipients, recipient) for grant in from_here):
            raise forbidden(f"no access opens mail to {recipient[:_SHOWN_SUBJECTS]}", hint=_HINT)
    to_all = [grant for grant in from_here if all(_any(grant.recipients, recipient) for recipient in recipients)]
    if not to_all:
        raise forbidden("no single access opens mail to all of these recipients", hint="send it to each apart")
    wide = [grant for grant in to_all if grant.most_recipients >= len(recipients)]
    if not wide:
        most = max(grant.most_recipients for grant in to_all)
        raise MailRefusedError(452, "4.5.3", f"a message goes to {most} recipients at most", hint="send it in parts")
    return max(wide, key=lambda grant: grant.most_bytes)


def read_head(content: bytes, grants: Sequence[MailGrant]) -> Head:
    """Return what a message's head says; raise `MailRefusedError` when it is from somebody whom no grant opens.

    What a reader sees as the sender is `From` (RFC 5322 section 3.6.2): to be there once, each address in it opened.
    """
    end = content.find(_HEAD_END)
    if not 0 <= end <= _MOST_HEAD_BYTES:
        raise MailRefusedError(554, "5.6.0", "the message has no head, or one that is too long")
    try:
        parsed = BytesHeaderParser(policy=policy.SMTP).parsebytes(content[: end + len(_HEAD_END)])
        message = parsed if isinstance(parsed, EmailMessage) else EmailMessage()
        shown = _mailboxes(message)
        told = str(message.get("traceparent", "")), str(message.get("message-id", ""))
    except (MessageError, ValueError, IndexError, AttributeError, LookupError):
        raise MailRefusedError(554, "5.6.0", "the head of the message is malformed") from None
    for address in shown:
        if not any(_any(grant.senders, address) for grant in grants):
            raise forbidden(f"no access opens mail that says it is from {address[:_SHOWN_SUBJECTS]}", hint=_HINT)
    return Head(told[0].strip(), told[1].strip()[:_SHOWN_SUBJECTS])


def without_ours(content: bytes) -> bytes:
    """Return a message without header fields that only the platform may write or read, folded ones too."""
    head, end, body = content.partition(_HEAD_END)
    kept: list[bytes] = []
    left_out = False
    for line in head.split(b"\r\n"):
        left_out = _OURS.match(line) is not None or (left_out and line[:1] in {b" ", b"\t"})
        if not left_out:
            kept.append(line)
    return b"\r\n".join(kept) + end + body


def _mailboxes(message: EmailMessage) -> list[str]:
    found: list[str] = []
    for name, needed in (("from", True), ("sender", False)):
        fields = message.get_all(name, [])
        if len(fields) > 1 or (needed and not fields):
            raise MailRefusedError(554, "5.6.0", f"a message has one {name.capitalize()} header")
        for field in fields:
            if field.defects or not field.addresses:
                raise MailRefusedError(554, "5.6.0", f"the {name.capitalize()} header names nobody, or is malformed")
            found += [address.addr_spec.lower() for address in field.addresses]
    return found


def _any(patterns: Iterable[str], address: str) -> bool:
    return any(_is(pattern, address.lower()) for pattern in patterns)


def _is(pattern: str, address: str) -> bool:
    if pattern == "*":
        return True
    local, _, domain = pattern.rpartition("@")
    its, _, place = address.rpartition("@")
    return place == domain and local in ("*", its)
