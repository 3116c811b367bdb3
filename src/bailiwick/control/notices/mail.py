"""Mail over SMTP (RFC 5321) with TLS: one connection for what is due, and words that hold no secret when it fails."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from bailiwick.control.exporters import DeliveryError, tls_context
from bailiwick.control.notice_settings import SmtpOptions
from bailiwick.control.notices.errors import NoticeError
from bailiwick.control.notices.model import Notice
from bailiwick.control.notices.words import mail_text, subject
from bailiwick.control.vault import SecretNotFoundError, SecretReader

_SECONDS = 15.0
_FIRST_FOR_GOOD = 500  # RFC 5321, 4.2.1: 5yz is permanent


class Post:
    """An open connection to the mail server."""

    def __init__(self, server: smtplib.SMTP, sender: str) -> None:
        self._server = server
        self._sender = sender

    def send(self, notice: Notice, link: str, choices: str) -> None:
        """Hand one mail over; a repeat has the same Message-ID. Raises `NoticeError`."""
        message = message_of(notice, self._sender, link, choices)
        try:
            self._server.send_message(message, parseaddr(self._sender)[1], [notice.target])
        except smtplib.SMTPRecipientsRefused as fault:
            code = max(code for code, _ in fault.recipients.values())
            raise _refused("does not take mail for this address", code) from fault
        except smtplib.SMTPResponseException as fault:
            raise _refused("did not take the mail", fault.smtp_code) from fault
        except (smtplib.SMTPException, OSError) as fault:
            raise NoticeError(f"the mail server went away: {type(fault).__name__}") from fault


def message_of(notice: Notice, sender: str, link: str, choices: str) -> EmailMessage:
    """Return a notice as a mail. Nothing in it is HTML, and its subject holds only the name of the app."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = notice.target
    message["Subject"] = subject(notice)
    message["Date"] = format_datetime(notice.created_at)
    message["Message-ID"] = f"<{notice.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content(mail_text(notice, link, choices))
    return message


@contextlib.contextmanager
def connected(options: SmtpOptions, secrets: SecretReader) -> Iterator[Post]:
    """Yield a connection as the settings say; raise `NoticeError` when there is none."""
    server = _open(options, secrets)
    try:
        yield Post(server, options.sender)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()


def _open(options: SmtpOptions, secrets: SecretReader) -> smtplib.SMTP:
    try:
        return _greeted(options, secrets)
    except (SecretNotFoundError, DeliveryError) as fault:
        raise NoticeError(fault.message, hint=fault.hint) from fault
    except smtplib.SMTPAuthenticationError as fault:
        # Its words may repeat what was sent.
        raise NoticeError(f"the mail server refuses our name or password (status {fault.smtp_code})") from None
    except smtplib.SMTPNotSupportedError as fault:
        raise NoticeError("the mail server offers no STARTTLS, or no sign-in that we know") from fault
    except smtplib.SMTPResponseException as fault:
        raise NoticeError(f"the mail server does not serve us (status {fault.smtp_code})") from fault
    except (smtplib.SMTPException, ssl.SSLError, OSError) as fault:
        raise NoticeError(f"no connection to the mail server {options.host}:{options.port}: {_why(fault)}") from fault


def _greeted(options: SmtpOptions, secrets: SecretReader) -> smtplib.SMTP:
    if options.security == "tls":
        context = tls_context(options.ca)
        server: smtplib.SMTP = smtplib.SMTP_SSL(options.host, options.port, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(options.host, options.port, timeout=_SECONDS)
    try:
        if options.security == "starttls":
            server.starttls(context=tls_context(options.ca))
        if options.password is not None:
            server.login(options.username, secrets(options.password).get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _why(fault: Exception) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return fault.verify_message
    return (fault.strerror if isinstance(fault, OSError) else "") or type(fault).__name__


def _refused(words: str, code: int) -> NoticeError:
    return NoticeError(f"the mail server {words} (status {code})", for_good=code >= _FIRST_FOR_GOOD)
