"""Sensitive values in bytes that pass: secrets, payment cards, account numbers (IBAN) and e-mail addresses, and where.

Values are found as they are commonly written: cards and IBANs with spaces or dashes, all of them also in JSON and in
forms (`%40` for an at sign). What somebody hides on purpose (base64, a picture) is not found.
"""

import json
from collections.abc import Callable, Iterable
from typing import Literal, get_args
from urllib.parse import quote

from bailiwick.core.redacting import credentials_in
from bailiwick.core.redaction.found import Found, apart
from bailiwick.core.redaction.personal.cards import cards
from bailiwick.core.redaction.personal.ibans import ibans
from bailiwick.core.redaction.sieve import compiled

SensitiveKind = Literal["secret", "card", "iban", "email"]
KINDS: tuple[SensitiveKind, ...] = get_args(SensitiveKind)
# What no card, IBAN, address or credential has inside: up to here a text is finished, whatever follows.
ENDS = frozenset(b"\n\r\"'<>{}[]();,&=|")
# And none is longer; keys in PEM are known by how they begin.
LONGEST_BYTES = 512
KEY_BEGINS = b"-----BEGIN "
KEY_ENDS = b"-----"
_SHORTEST_SECRET = 6


class Finder:
    """Finds values of some kinds, and secrets that are known; it shows none of them itself."""

    def __init__(self, kinds: Iterable[SensitiveKind] = KINDS, secrets: Iterable[str] = ()) -> None:
        self._kinds = tuple(kinds)
        written = (form for secret in secrets for form in _forms(secret)) if "secret" in self._kinds else ()
        self._secrets = sorted(set(written), key=len, reverse=True)

    def find(self, data: bytes) -> list[Found]:
        """Return the values in bytes, in order, none within another."""
        found = [item for kind in self._kinds for item in _FINDERS[kind](data)]
        found += [item for secret in self._secrets for item in _occurrences(data, secret)]
        return apart(found)

    def begun(self, data: bytes) -> int:
        """Return where a known secret begins that the end of the bytes cuts off; their length where none does."""
        return min((_beginning(data, secret) for secret in self._secrets), default=len(data))


def _forms(secret: str) -> list[bytes]:
    """Return a secret as texts, JSON and forms write it."""
    if len(secret) < _SHORTEST_SECRET:
        return []
    return [secret.encode(), json.dumps(secret)[1:-1].encode(), quote(secret, safe="").encode()]


def _occurrences(data: bytes, secret: bytes) -> list[Found]:
    found, place = [], data.find(secret)
    while place >= 0:
        found.append(Found(place, place + len(secret), "secret"))
        place = data.find(secret, place + len(secret))
    return found


def _beginning(data: bytes, secret: bytes) -> int:
    place = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
    while place >= 0:
        if secret.startswith(data[place:]):
            return place
        place = data.find(secret[:1], place + 1)
    return len(data)


_EMAIL = compiled(
    r"[0-9A-Za-z._%+\x80-\xff-]{1,64}(?:@|%40|\\u0040)"
    r"[0-9A-Za-z\x80-\xff-]{1,63}(?:\.[0-9A-Za-z\x80-\xff-]{1,63}){0,8}\.[A-Za-z\x80-\xff]{2,24}"
)


def _secrets(data: bytes) -> list[Found]:
    found = []
    for start, end in credentials_in(data):
        if data.startswith(KEY_BEGINS, start):
            end = _end_of_key(data, start)  # noqa: PLW2901 - headers of a key hold dashes, too
        found.append(Found(start, end, "secret"))
    return found


def _end_of_key(data: bytes, start: int) -> int:
    """Return where a private key's last line begins, the end of the bytes when that is not there."""
    head = data.index(KEY_ENDS, start + len(KEY_BEGINS)) + len(KEY_ENDS)
    end = data.find(KEY_ENDS, head)
    return len(data) if end < 0 else end


def _emails(data: bytes) -> list[Found]:
    return [Found(match.start(), match.end(), "email") for match in _EMAIL.finditer(data)]


_FINDERS: dict[SensitiveKind, Callable[[bytes], list[Found]]] = {
    "secret": _secrets,
    "card": cards,
    "iban": ibans,
    "email": _emails,
}
