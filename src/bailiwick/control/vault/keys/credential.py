"""What a provider of keys is opened with: a PIN, a token, a secret key; read anew at each use, and kept nowhere."""

from pydantic import SecretStr

from bailiwick.control.vault.errors import KeyUnavailableError, SecretNotFoundError
from bailiwick.control.vault.places import SecretFrom, read_outside


def credential(place: SecretFrom) -> SecretStr:
    """Return it; raise `KeyUnavailableError` that names the place where it is not."""
    try:
        return read_outside(place)
    except SecretNotFoundError as fault:
        raise KeyUnavailableError(fault.message, hint=fault.hint) from None
