"""Mail that is not passed on, said in the codes of SMTP (RFC 5321 section 4.2, RFC 3463)."""

from collections.abc import Sequence

from bailiwick.core.errors import BailiwickError


class MailRefusedError(BailiwickError):
    """A message is not passed on; the words hold nothing of it but addresses."""

    code = "mail.refused"

    def __init__(
        self,
        reply: int,
        status: str,
        message: str,
        *,
        hint: str = "",
        deciders: Sequence[str] = (),
        of_person: bool = False,
    ) -> None:
        """Take the reply code (4yz to try again, 5yz not to), the enhanced status, the words, who decided, and whether
        others may send it.
        """
        super().__init__(message, hint=hint, deciders=deciders)
        self.reply = reply
        self.enhanced = status
        self.of_person = of_person


class CredentialRefusedError(MailRefusedError):
    """The mail server does not take the platform's credential: to whoever sends, a fault that may pass."""

    def __init__(self) -> None:
        super().__init__(451, "4.7.0", "the mail server does not take the platform's credential")


def forbidden(
    message: str, *, hint: str = "", deciders: Sequence[str] = (), of_person: bool = False
) -> MailRefusedError:
    """Return the refusal of what no grant opens, or policy forbids."""
    return MailRefusedError(550, "5.7.1", message, hint=hint, deciders=deciders, of_person=of_person)
