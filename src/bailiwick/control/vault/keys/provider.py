"""The key hierarchy's top: whoever wraps and unwraps the keys of tenants, whichever place holds the company's key."""

from dataclasses import dataclass, field
from typing import Protocol

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as it is stored: which of the company's keys wrapped it, and what came of it."""

    kek_id: str
    blob: bytes = field(repr=False)


class KeyProvider(Protocol):
    """Wraps and unwraps keys of 32 bytes; the company's key that does it never leaves the provider.

    Every verb raises `KeyUnavailableError` with what to do when the key cannot be had: the provider does not answer,
    the key was disabled or destroyed, or whoever asks may not use it. `kek_id` is `<kind>:<key and version>`.
    """

    @property
    def kind(self) -> str:
        """Return what the settings call this kind of provider."""

    def present(self) -> str:
        """Return the id of the company's key that wraps from here on."""

    def wrap(self, key: bytes, tenant: str) -> Wrapped:
        """Return a tenant's key, wrapped by the present one; bound to the tenant where the provider can."""

    def unwrap(self, wrapped: Wrapped, tenant: str) -> bytes:
        """Return a tenant's key."""

    def rotate(self) -> str:
        """Make another of the company's keys the present one, and return its id; the ones before still unwrap."""

    def settle(self) -> None:
        """Tidy up once nothing is wrapped by an older key."""

    def destroy(self) -> str:
        """Destroy the company's key in every version, for good; return in words what became of it."""
