"""The identity providers of an installation: which one speaks for whom, and what each can do, whatever it speaks."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bailiwick.control.identity.errors import ProviderUnavailableError, SignInRefusedError
from bailiwick.control.identity.model import Claims, ProviderSession
from bailiwick.core.policy import StepUp


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in sends away and must get back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Attempt":
        """Return a fresh attempt: state, nonce and PKCE verifier of 256 random bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back with the browser to finish a sign-in, and what was kept of its beginning.

    `code` and `issuer` are as the browser brought them. `kept` are claims that were verified before, when a form
    brought them, and that this code was given for.
    """

    code: str = field(repr=False)
    issuer: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    kept: Claims | None = None


class Provider(Protocol):
    """An identity provider, by OpenID Connect or SAML."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def domains(self) -> frozenset[str]:
        """The domains of the e-mail addresses that it may speak for, all where there are none."""

    def authorization_url(self, attempt: Attempt, wanted: StepUp | None = None, *, hint: str = "") -> str:
        """Return where to send the browser; `wanted` is how the sign-in must be, `hint` who is probably there."""

    def finish(self, returned: Returned) -> Claims:
        """Return who signed in, verified; raise `SignInRefusedError` when nothing proves it."""

    def leave_url(self, session: ProviderSession) -> str:
        """Return where a browser ends its session at the provider too, empty when there is no such place."""


class Providers:
    """One provider or more; where there are more, the domain of the e-mail address says which one is asked."""

    def __init__(self, providers: Sequence[Provider], groups: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take the providers, whose names differ, and the groups that each is believed: names, or beginnings that end
        in `*`. Without `groups` all of every provider's are.
        """
        self._by_name = {provider.name: provider for provider in providers}
        self._groups = groups

    @property
    def by_domain(self) -> bool:
        """Whether an e-mail address must be known before anybody can be sent anywhere."""
        return len(self._by_name) > 1

    def named(self, name: str) -> Provider:
        """Return a provider by name; raise `SignInRefusedError` when there is none."""
        found = self._by_name.get(name)
        if found is None:
            raise SignInRefusedError("there is no such identity provider", hint="start again from the sign-in page")
        return found

    def of(self, email: str) -> Provider:
        """Return the provider that speaks for an address: the only one, or the one of its domain."""
        if not self.by_domain:
            return next(iter(self._by_name.values()))
        domain = email.strip().lower().rpartition("@")[2]
        found = next((item for item in self._by_name.values() if domain in item.domains), None)
        if found is None:
            raise SignInRefusedError(
                "no identity provider here speaks for this e-mail domain",
                hint="use the address that your company gave you, or ask whoever runs Bailiwick",
            )
        return found

    def believed(self, claims: Claims) -> Claims:
        """Return the claims without the groups that their provider may not put people into: a group is a name by which
        roles are held, and a partner's provider could send that of administrators.
        """
        if self._groups is None:
            return claims
        wanted = self._groups.get(claims.proof.provider, ())
        return replace(claims, groups=tuple(group for group in claims.groups if _is_named(group, wanted)))

    def leave_url(self, session: ProviderSession) -> str:
        """Return where a browser ends its session at its provider too; empty where that cannot be said."""
        found = self._by_name.get(session.provider)
        try:
            return found.leave_url(session) if found is not None else ""
        except ProviderUnavailableError:
            return ""


def _is_named(group: str, names: Sequence[str]) -> bool:
    return any(group.startswith(name[:-1]) if name.endswith("*") else group == name for name in names)


def require_own_domain(email: str, domains: Collection[str]) -> None:
    """Return when a provider of these domains may speak for an address; raise `SignInRefusedError` otherwise."""
    if domains and email.rpartition("@")[2] not in domains:
        raise SignInRefusedError(
            "this identity provider does not speak for that e-mail domain",
            hint="sign in with the provider of your own domain",
        )
