"""The identity providers of an installation: which one speaks for whom."""

from collections.abc import Sequence

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.oidc import OidcClient


class Providers:
    """One provider or more; where there are more, the domain of the e-mail address says which one is asked."""

    def __init__(self, clients: Sequence[OidcClient]) -> None:
        """Take the providers, whose names differ."""
        self._by_name = {client.name: client for client in clients}

    @property
    def by_domain(self) -> bool:
        """Whether an e-mail address must be known before anybody can be sent anywhere."""
        return len(self._by_name) > 1

    def named(self, name: str) -> OidcClient:
        """Return a provider by name; raise `SignInRefusedError` when there is none."""
        found = self._by_name.get(name)
        if found is None:
            raise SignInRefusedError("there is no such identity provider", hint="start again from the sign-in page")
        return found

    def of(self, email: str) -> OidcClient:
        """Return the provider that speaks for an address: the only one, or the one of its domain."""
        if not self.by_domain:
            return next(iter(self._by_name.values()))
        domain = email.strip().lower().rpartition("@")[2]
        found = next((client for client in self._by_name.values() if domain in client.domains), None)
        if found is None:
            raise SignInRefusedError(
                "no identity provider here speaks for this e-mail domain",
                hint="use the address that your company gave you, or ask whoever runs Bailiwick",
            )
        return found
