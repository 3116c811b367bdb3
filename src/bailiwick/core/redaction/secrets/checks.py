"""What a credential's form does not say: check digits, what is in it, and what documentation shows as an example.

A check gets the secret, the text and where the secret ends in it. It says how bad the finding may be at most, or
nothing when this is no credential.
"""

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from bailiwick.core.redaction.secrets.judgement import (
    entropy,
    is_mixed,
    is_placeholder,
    judged,
    looks_random,
)
from bailiwick.core.severity import Severity

Check = Callable[[bytes, bytes, int], Severity | None]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKED_LENGTH = 40  # a prefix of four, thirty of noise, six of checksum
_LEAST_KEY = 60
_KEY_WINDOW = 6_000
_LEAST_ENTROPY = 2.2
# A key is shown as one of documentation by these words; there are no such words in one that was made at random.
_EXAMPLES = re.compile(
    rb"(?i)example|x{5}|placeholder|your[-_]|redacted|1234567890|0123456789|abcdefghij|\.\.\.|\*\*\*"
)


def is_example(secret: bytes) -> bool:
    """Return whether a text of a credential's form is what documentation puts in its place."""
    return bool(_EXAMPLES.search(secret)) or entropy(secret[4:] or secret) < _LEAST_ENTROPY


def _base32_account(secret: bytes, _: bytes, __: int) -> Severity | None:
    return Severity.CRITICAL if is_mixed(secret[4:]) or entropy(secret[4:]) > _LEAST_ENTROPY else None


def _mixed(secret: bytes, _: bytes, __: int) -> Severity | None:
    kinds = (rb"[a-z]", rb"[A-Z]", rb"[0-9]")
    return Severity.CRITICAL if all(re.search(kind, secret) for kind in kinds) else None


def _digits(secret: bytes, _: bytes, __: int) -> Severity | None:
    return Severity.CRITICAL if is_mixed(secret) else None


def _random(secret: bytes, _: bytes, __: int) -> Severity | None:
    return Severity.CRITICAL if looks_random(secret.decode(errors="replace")) else None


def _crc32_base62(secret: bytes, _: bytes, __: int) -> Severity | None:
    """Check the last six characters: the CRC-32 of the thirty before, in base 62."""
    if len(secret) != _CHECKED_LENGTH:
        return Severity.CRITICAL
    number, digits = zlib.crc32(secret[4:-6]), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return Severity.CRITICAL if digits.rjust(6, "0") == secret[-6:].decode() else Severity.MEDIUM


def _base58(secret: bytes, _: bytes, __: int) -> Severity | None:
    """Check the four bytes at the end: of the SHA-256 of the SHA-256 of what is before."""
    number = 0
    for sign in secret:
        number = number * 58 + _BASE58.index(sign)
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    body, check = raw[:-4], raw[-4:]
    holds = hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == check
    return Severity.CRITICAL if holds else None


def _bech32(secret: bytes, _text: bytes, _end: int) -> Severity | None:
    """Check the six characters at the end by BIP 173."""
    prefix, __, data = secret.decode().lower().rpartition("1")
    values = [ord(sign) >> 5 for sign in prefix] + [0] + [ord(sign) & 31 for sign in prefix]
    check = 1
    for value in values + [_BECH32.index(sign) for sign in data]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= factor if top >> place & 1 else 0
    return Severity.CRITICAL if check == 1 else Severity.MEDIUM


def _body_of_key(_: bytes, text: bytes, end: int) -> Severity | None:
    """Look for the body: headers alone stand in code that reads keys, too."""
    window = text[end : end + _KEY_WINDOW]
    begin = window.find(b"-----") + 5
    body = window[begin:].partition(b"-----")[0].partition(b"---- END")[0]
    written = re.sub(rb"\\[rnt]|[^A-Za-z0-9+/=]", b"", body)
    if len(written) < _LEAST_KEY or entropy(written) < 4 or is_placeholder(body.decode(errors="replace")):  # noqa: PLR2004
        return None
    return Severity.CRITICAL


def _json(part: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _signed_token(secret: bytes, _: bytes, __: int) -> Severity | None:
    """Look into a token of RFC 7519: one without a signature opens nothing, and jwt.io's is everywhere."""
    parts = secret.split(b".")
    header, claims = _json(parts[0]), _json(parts[1])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none" or not claims:
        return None
    if claims.get("sub") == "1234567890" or claims.get("role") == "anon":
        return None
    return Severity.HIGH


def _private_jwk(_: bytes, text: bytes, end: int) -> Severity | None:
    around = text[max(0, end - 4_000) : end + 2_000]
    return Severity.CRITICAL if re.search(rb'"kty"\s{0,3}:\s{0,3}"(?:RSA|EC|OKP)"', around) else None


def _discord_id(secret: bytes, _: bytes, __: int) -> Severity | None:
    first = secret.partition(b".")[0]
    try:
        digits = base64.urlsafe_b64decode(first + b"=" * (-len(first) % 4))
    except binascii.Error:
        return None
    return Severity.CRITICAL if digits.isdigit() else None


def _name_and_password(secret: bytes, _: bytes, __: int) -> Severity | None:
    try:
        name, colon, password = base64.b64decode(secret).partition(b":")
    except binascii.Error:
        return None
    if not colon or not name.isascii() or not password.isascii():
        return None
    return Severity.CRITICAL if judged("password", password.decode()) else None


def _password(secret: bytes, _: bytes, __: int) -> Severity | None:
    found = judged("password", unquote_to_bytes(secret).decode(errors="replace"))
    return None if found is None else max(found, Severity.HIGH)


CHECKS: Mapping[str, Check] = {
    "base32_account": _base32_account,
    "mixed": _mixed,
    "digits": _digits,
    "random": _random,
    "crc32_base62": _crc32_base62,
    "base58": _base58,
    "bech32": _bech32,
    "body_of_key": _body_of_key,
    "signed_token": _signed_token,
    "private_jwk": _private_jwk,
    "discord_id": _discord_id,
    "name_and_password": _name_and_password,
    "password": _password,
}
# What these are given is no text made at random, or not the secret itself.
JUDGE_ALONE: frozenset[Check | None] = frozenset({_body_of_key, _name_and_password, _password})
