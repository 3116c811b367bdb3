"""Client certificates of the platform's own authority: for services and token endpoints that want one in TLS.

Certificate and key are made and sealed before anybody sees them, and the key leaves the vault for gateways alone. The
next one is due when two thirds of the life of the one in force are over.
"""

import asyncio
import ssl
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

import httpx2
from cryptography import x509
from pydantic import AfterValidator, Field, model_validator

from bailiwick.client_tls import client_context
from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.sources.source import Source
from bailiwick.control.rotations.sources.work import Credential, Work
from bailiwick.control.vault import Environment
from bailiwick.core.errors import BailiwickError
from bailiwick.core.messages import EndpointUrl
from bailiwick.core.oauth import TokenEndpointError, read_answer
from bailiwick.token_posting import post_form

_MOST_HOURS = 398 * 24
_SECONDS = 10.0
_LIFE_USED = 2 / 3
_TOKENS = frozenset({"bearer", "dpop"})
# As servers say that a certificate is none, or not one that they take; the last two are nginx's own.
_NOT_TAKEN = frozenset({400, 401, 403, 495, 496})


def _https(url: str) -> str:
    if url and not url.startswith("https:"):
        raise ValueError("a certificate is tried over https")
    return url


class CertificateSource(Source):
    """A certificate for `CN=subject`. `tried_at` is an address that is asked with it before it is used; with a `client`
    it is a token endpoint that gives that client a token (RFC 8705). `authority` checks the server there. The first
    one, which nobody brings, is for planes of the `environment`.
    """

    kind: Literal["certificate"]
    subject: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$")
    lifetime_hours: int = Field(default=90 * 24, ge=1, le=_MOST_HOURS)
    tried_at: Annotated[EndpointUrl | Literal[""], AfterValidator(_https)] = ""
    client: str = Field(default="", pattern=r"^[!-~]{0,200}$")
    authority: str = Field(default="", max_length=64 * 1024)
    environment: Environment = Environment.PRODUCTION

    @model_validator(mode="after")
    def _can_be_tried(self) -> Self:
        if self.client and not self.tried_at:
            raise ValueError("a client is tried at its token endpoint: tried_at")
        if self.authority:
            try:
                x509.load_pem_x509_certificates(self.authority.encode())
            except ValueError:
                raise ValueError("the authority is a certificate (PEM)") from None
        return self

    @property
    def lifetime(self) -> timedelta:
        """How long a certificate is good."""
        return timedelta(hours=self.lifetime_hours)

    @property
    def words(self) -> str:
        """Where it is."""
        return f"the platform's own authority, for CN={self.subject}"

    def next_account(self, _: str) -> str:
        """Return as whom it is shown."""
        return f"CN={self.subject}"

    def make(self, work: Work) -> Credential:
        """Try the certificate where it is used: what takes the old one must take the new one."""
        if self.tried_at:
            found = self._outcome(work.new.value)
            if found != "taken":
                if self._outcome(work.old.value) == "taken":
                    raise SourceRefusedError(
                        f"{self.tried_at} takes the old certificate and not the new one: {found}",
                        hint="have it trust the authority: bailiwick secret authority",
                    )
                raise SourceUnavailableError(f"{self.tried_at} takes no certificate: {found}")
        return work.new

    def revoke(self, work: Work) -> str:
        """Put the old certificate on the list of those that are good no more; return what was done, in words."""
        if work.revoke_certificate(work.old.value):
            return "the old certificate is on the list of revoked ones"
        return "the old certificate is of another authority: have it revoked there"

    def _outcome(self, pem: str) -> str:
        """Return "taken", or in words why a certificate is not."""
        try:
            context = client_context(self.authority, pem)
            return self._token(context) if self.client else self._answer(context)
        except TokenEndpointError as fault:
            return fault.message
        except (BailiwickError, ssl.SSLError):
            return "it cannot be shown, or the authority is none"
        except (httpx2.HTTPError, OSError) as fault:
            return f"no answer ({type(fault).__name__})"

    def _answer(self, context: ssl.SSLContext) -> str:
        with (
            httpx2.Client(verify=context, timeout=_SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", self.tried_at) as answer,
        ):
            return f"status {answer.status_code}" if answer.status_code in _NOT_TAKEN else "taken"

    def _token(self, context: ssl.SSLContext) -> str:
        form = {"grant_type": "client_credentials", "client_id": self.client}
        answer = asyncio.run(post_form(self.tried_at, form, {}, context))
        read_answer(answer.status, answer.content, kinds=_TOKENS)
        return "taken"


def due_at(pem: str) -> datetime | None:
    """Return when a certificate has used two thirds of its life, None for what is none."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begins + (ends - begins) * _LIFE_USED
