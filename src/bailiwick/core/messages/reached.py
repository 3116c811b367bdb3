"""What connections to systems have in common: one secret, a user that signs in, an address over HTTP."""

from urllib.parse import urlsplit

from pydantic import Field

from bailiwick.core.messages.addresses import PORTS, SecretName
from bailiwick.core.messages.base import Message


class OfASecret(Message):
    """What planes use with one secret of the vault."""

    secret: SecretName

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        return frozenset({self.secret})


class OfAUser(OfASecret):
    """What a user signs in to."""

    user: str

    @property
    def account(self) -> str:
        """As whom the gateway comes."""
        return self.user


class OverHttp(Message):
    """What is called at an address. `authority` is a certificate (PEM) to check it by, where its own is not of one that
    everybody trusts.
    """

    url: str = Field(max_length=1000)
    authority: str = Field(default="", max_length=20_000)

    @property
    def address(self) -> str:
        """Where it is called."""
        return self.url

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """The port of its address."""
        parts = urlsplit(self.address)
        return parts.port or PORTS[parts.scheme]
