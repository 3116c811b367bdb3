"""What can go wrong with service identities and what they show of themselves."""

from bailiwick.control.identity.errors import CredentialRefusedError
from bailiwick.core.errors import UnavailableError


class AssertionRefusedError(CredentialRefusedError):
    """A signed token does not prove who sent it: wrong key, audience, time or subject, or it was used before."""

    code = "service.assertion-refused"


class ServiceRefusedError(CredentialRefusedError):
    """The service identity is switched off, expired, or nobody answers for it."""

    code = "service.not-active"


class ExchangeRefusedError(CredentialRefusedError):
    """The tokens of an exchange do not go together (RFC 8693): who may act for whom, or for which door."""

    code = "service.exchange-refused"


class IssuerUnavailableError(UnavailableError):
    """The issuer of a token cannot be asked for its keys, or what it answers is not that."""

    code = "service.issuer-unavailable"
