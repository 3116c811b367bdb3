"""The company's keys as one provider: the one that wraps, and the one before while keys move between providers."""

from pathlib import Path

from bailiwick.control.vault.errors import KeyUnavailableError
from bailiwick.control.vault.keys.aws_kms import AwsKmsKeyProvider
from bailiwick.control.vault.keys.local_file import FormerFileKeyProvider, LocalFileKeyProvider
from bailiwick.control.vault.keys.options import (
    AwsKmsOptions,
    KeyOptions,
    LocalFileOptions,
    Pkcs11Options,
    ProviderOptions,
    TransitOptions,
)
from bailiwick.control.vault.keys.pkcs11 import Pkcs11KeyProvider
from bailiwick.control.vault.keys.provider import KeyProvider, Wrapped
from bailiwick.control.vault.keys.transit import TransitKeyProvider

VAULT_KEY = "vault.key"


class KeyRing:
    """Wraps with the present provider; unwraps with whichever wrapped."""

    def __init__(self, provider: KeyProvider, previous: KeyProvider | None = None) -> None:
        self._provider = provider
        self._previous = previous

    def __repr__(self) -> str:
        return f"KeyRing({self._provider!r}, previous={self._previous!r})"

    @property
    def kind(self) -> str:
        """What the settings call the present provider."""
        return self._provider.kind

    def present(self) -> str:
        """Return the id of the company's key that wraps from here on."""
        return self._provider.present()

    def wrap(self, key: bytes, tenant: str) -> Wrapped:
        """Return a tenant's key, wrapped by the present provider."""
        return self._provider.wrap(key, tenant)

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:
        """Return a tenant's key, by whoever wrapped it."""
        kind = wrapped.kek_id.split(":", 1)[0]
        if kind == self._provider.kind:
            try:
                return self._provider.unwrap(wrapped, tenant)
            except KeyUnavailableError:
                # Of two providers of one kind, either may have wrapped it.
                if self._previous is None or self._previous.kind != kind:
                    raise
        if self._previous is not None and kind == self._previous.kind:
            return self._previous.unwrap(wrapped, tenant)
        raise KeyUnavailableError(
            f"a key of the vault was wrapped by {wrapped.kek_id}, and vault_keys.present is {self._provider.kind}",
            hint="name the provider that wrapped it as vault_keys.previous, start again, and: bailiwick keys move",
        )

    def rotate(self) -> str:
        """Make another of the company's keys the present one."""
        return self._provider.rotate()

    def settle(self) -> None:
        """Tidy up once nothing is wrapped by an older key."""
        self._provider.settle()

    def destroy(self) -> str:
        """Destroy the company's key, at both providers."""
        words = [provider.destroy() for provider in (self._provider, self._previous) if provider is not None]
        return "; ".join(words)


def open_keys(options: KeyOptions, state: Path) -> KeyRing:
    """Return the company's keys as the settings say; a local file without a name is in the state directory."""
    previous = _former(options.previous, state) if options.previous is not None else None
    return KeyRing(_provider(options.present, state), previous)


def _former(options: ProviderOptions, state: Path) -> KeyProvider:
    if isinstance(options, LocalFileOptions):
        return FormerFileKeyProvider(options.file or state / VAULT_KEY)
    return _provider(options, state)


def _provider(options: ProviderOptions, state: Path) -> KeyProvider:
    match options:
        case LocalFileOptions():
            return LocalFileKeyProvider(options.file or state / VAULT_KEY)
        case Pkcs11Options():
            return Pkcs11KeyProvider(options)
        case AwsKmsOptions():
            return AwsKmsKeyProvider(options)
        case TransitOptions():
            return TransitKeyProvider(options)
