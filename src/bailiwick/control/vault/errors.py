"""What can go wrong in the vault."""

from bailiwick.core.errors import NotFoundError, UnavailableError


class KeyUnavailableError(UnavailableError):
    """The key that everything secret hangs on cannot be had; nothing secret is read or written until it can."""

    code = "vault.key-unavailable"


class KeyDestroyedError(UnavailableError):
    """The tenant's key was destroyed: what it sealed is gone for good, and nothing is sealed any more."""

    code = "vault.key-destroyed"


class SecretNotFoundError(NotFoundError):
    """No secret has this name."""

    code = "vault.secret-not-found"


class SealBrokenError(UnavailableError):
    """What is stored does not open: it was changed, moved, or sealed under another key."""

    code = "vault.seal-broken"


class StoreUnavailableError(UnavailableError):
    """The store that a secret lies in does not answer."""

    code = "vault.store-unavailable"


class StoreRefusedError(UnavailableError):
    """The store that a secret lies in denies it."""

    code = "vault.store-refused"


class StoreVersionError(UnavailableError):
    """The store has no such secret, not in this version, or nothing that could be one."""

    code = "vault.store-version"
