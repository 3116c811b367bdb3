from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP


def authenticator(key: bytes) -> TOTP:
    """Return a generator that phones understand: they know SHA-1 only."""
    return TOTP(key, 6, hashes.SHA1(), 30)
