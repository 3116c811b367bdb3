"""The way to a mail server: a connection for each message, so that nothing of one is ever in another's."""

import ssl
from dataclasses import dataclass, field

import aiosmtplib

from bailiwick.core.messages import BasicPassword, MailConnection
from bailiwick.dataplane.gateways.mail.refusals import CredentialRefusedError, MailRefusedError
from bailiwick.dataplane.gateways.withholding import Withheld

_SHOWN = 200
_OUR_NAME = "bailiwick"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its envelope; the content ends its lines as SMTP does."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)


async def hand_over(connection: MailConnection, password: str, letter: Letter) -> None:
    """Hand a message to the server, for all of its recipients; raise `MailRefusedError` when it was for none of them.

    A server that does not know one of them gets nothing: whoever sends would not know who had it.
    """
    client = _client(connection, password)
    try:
        await client.connect()
        await client.mail(letter.sender)
        for recipient in letter.recipients:
            await client.rcpt(recipient)
        await client.data(letter.content)
    except aiosmtplib.SMTPException as fault:
        raise _told(fault, password) from None
    except (OSError, ValueError) as fault:
        raise _not_reached(type(fault).__name__) from None
    finally:
        client.close()


def _client(connection: MailConnection, password: str) -> aiosmtplib.SMTP:
    credential = connection.credential
    secure = connection.security != "none"
    return aiosmtplib.SMTP(
        hostname=connection.host,
        port=connection.port,
        username=credential.user if isinstance(credential, BasicPassword) else None,
        password=password if isinstance(credential, BasicPassword) else None,
        local_hostname=_OUR_NAME,
        timeout=connection.timeout_seconds,
        use_tls=connection.security == "tls",
        # Without it here, the library would go on in clear where a server does not offer it.
        start_tls=connection.security == "starttls",
        tls_context=_context(connection.authority) if secure else None,
    )


def _context(authority: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority or None)


def _told(fault: aiosmtplib.SMTPException, password: str) -> MailRefusedError:
    """Return a fault in words: the server's own where it said no, without what it was shown."""
    if isinstance(fault, aiosmtplib.SMTPAuthenticationError):
        return CredentialRefusedError()
    if isinstance(fault, aiosmtplib.SMTPRecipientRefused):
        return MailRefusedError(
            fault.code, _enhanced(fault.code), f"{fault.recipient}: {_said(fault.message, password)}"
        )
    if isinstance(fault, aiosmtplib.SMTPResponseException) and 400 <= fault.code < 600:  # noqa: PLR2004 - RFC 5321 4.2.1
        return MailRefusedError(fault.code, _enhanced(fault.code), _said(fault.message, password))
    return _not_reached(type(fault).__name__)


def _enhanced(code: int) -> str:
    return f"{code // 100}.0.0"


def _said(words: str, password: str) -> str:
    shown = " ".join("".join(mark if " " <= mark <= "~" else " " for mark in words).split())
    covered = Withheld(password).whole(shown.encode()).decode()
    return f"the mail server says: {covered}"[:_SHOWN]


def _not_reached(what: str) -> MailRefusedError:
    return MailRefusedError(451, "4.4.1", f"the mail server is not reached, or does not speak as it should ({what})")
