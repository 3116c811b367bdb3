"""As whom we come to Snowflake: a short statement signed by the account's key, whose public half Snowflake knows.

Source: https://docs.snowflake.com/en/developer-guide/sql-api/authenticating, "Using key pair authentication".
"""

import base64
import hashlib
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from bailiwick.core.errors import UnavailableError

# It is used for a part of that time; an hour is the most that Snowflake takes.
_SECONDS, _BEGAN_SECONDS, _LEAST_BITS = 300, 30, 2048


def key_pair_token(secret: str, account: str, user: str, now: datetime, name: str) -> str:
    """Return a token, signed by the private key (PEM) in a secret, which is called `name`.

    Raises `UnavailableError` for a secret that holds no RSA key of 2048 bits or more.
    """
    try:
        key = serialization.load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise UnavailableError(
            f"the secret {name} holds no private key for Snowflake",
            hint="store an RSA key of 2048 bits or more as PEM without a password",
        )
    whom = f"{_account(account)}.{user.upper()}"
    seconds = int(now.timestamp()) - _BEGAN_SECONDS
    claims = {"iss": f"{whom}.{fingerprint(key.public_key())}", "sub": whom, "iat": seconds, "exp": seconds + _SECONDS}
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    try:
        signing = import_key(key.private_bytes(*form), "RSA")
        return jwt.encode({"alg": "RS256", "typ": "JWT"}, claims, signing, algorithms=["RS256"])
    except (JoseError, ValueError):
        raise UnavailableError(f"the secret {name} holds no private key for Snowflake") from None


def fingerprint(key: rsa.RSAPublicKey) -> str:
    """Return how Snowflake calls a public key: `SHA256:` and its digest in base64."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode()}"


def _account(account: str) -> str:
    """Return an account as tokens name it: in capitals, and without a region behind a dot."""
    return account.partition(".")[0].upper()
