"""Public keys that signatures are checked with: of which kinds, with which algorithms (RFC 7517, RFC 8725)."""

from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bailiwick.core.errors import InvalidInputError

PublicKey = RSAKey | ECKey | OKPKey
_LEAST_RSA_BITS = 2048
_MOST_RSA_BITS = 8192
_MOST_KEYS_IN_SET = 50
_KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
# Signatures with a key pair only: a key that we know must not be enough to sign (RFC 8725, section 2.1).
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": ("EdDSA", "Ed25519")}
ASSERTION_ALGORITHMS = (*_RSA, *(name for names in _CURVES.values() for name in names))
# Members of private and symmetric keys (RFC 7518, section 6).
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def import_public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """Return the key of a JWK; raise `InvalidInputError` when it is private, symmetric, weak or no key at all."""
    if _SECRET_MEMBERS & jwk.keys():
        raise InvalidInputError(
            "this key is private, and must not leave the machine where it is used",
            hint="make a new pair and register its public half only; take this one as known to others",
        )
    kind = _KINDS.get(str(jwk.get("kty", "")))
    if kind is None:
        raise InvalidInputError("this is no public key", hint="register an EC (P-256), OKP (Ed25519) or RSA key as JWK")
    try:
        key = kind.import_key({str(name): value for name, value in jwk.items()})
        allowed = algorithms_of(key)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise InvalidInputError("this public key cannot be read", hint="check that the JWK is whole") from fault
    if not allowed:
        raise InvalidInputError(
            "signatures of this key are not taken",
            hint="use EC (P-256, P-384, P-521), OKP (Ed25519) or RSA of 2048 to 8192 bits, for signatures",
        )
    return key


def import_key_set(document: object) -> list[PublicKey]:
    """Return the usable keys of a JWK set (RFC 7517, section 5), without others in it; raise when there is none."""
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > _MOST_KEYS_IN_SET:
        raise InvalidInputError("this is no set of keys", hint='it looks like {"keys": […]} (RFC 7517)')
    keys = []
    for jwk in listed:
        try:
            keys.append(import_public_key(jwk if isinstance(jwk, Mapping) else {}))
        except InvalidInputError:
            continue
    if not keys:
        raise InvalidInputError("no key of this set can check a signature")
    return keys


def algorithms_of(key: PublicKey) -> tuple[str, ...]:
    """Return the algorithms that a key may be used with: those of its kind, or the one that it names itself."""
    document = key.as_dict(private=False)
    if document.get("use", "sig") != "sig" or "verify" not in document.get("key_ops", ["verify"]):
        return ()
    if isinstance(key, RSAKey):
        fits = _LEAST_RSA_BITS <= key.raw_value.key_size <= _MOST_RSA_BITS
        of_kind: tuple[str, ...] = _RSA if fits else ()
    else:
        of_kind = _CURVES.get(str(document.get("crv", "")), ())
    named = document.get("alg")
    return of_kind if named is None else tuple(name for name in of_kind if name == named)


def public_document(key: PublicKey) -> dict[str, Any]:
    """Return the JWK to keep, without anything that is not the key."""
    document = key.as_dict(private=False)
    wanted = ("kty", "crv", "x", "y", "n", "e", "alg")
    return {name: document[name] for name in wanted if name in document}
