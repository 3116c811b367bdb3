"""Keeps the upstream's credential out of answers: a server may repeat what it was sent, and no caller may see that."""

from collections.abc import Sequence
from functools import lru_cache

from bailiwick.core.written_forms import forms_of

# What is shorter and only one of the ways to write a secret may be anything else, too.
_LEAST_FORM = 8
_MOST_KNOWN = 4096


class Withheld:
    """Replaces a secret in a stream by as many asterisks, so that lengths stay right; it holds back at most a part of
    it. Servers write it as it is, or as base64, JSON, URLs and others have it.
    """

    def __init__(self, secret: str) -> None:
        self._forms = _forms(secret) if secret else ()
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """Return what may go on: all but an end that could be the beginning of the secret."""
        if not self._forms:
            return data
        data = self.whole(self._tail + data)
        held = max(_beginning_at_end(form, data) for form in self._forms)
        self._tail = data[len(data) - held :]
        return data[: len(data) - held]

    def whole(self, value: bytes) -> bytes:
        """Return a value that comes at once, such as that of a header."""
        for form in self._forms:
            if form in value:
                value = value.replace(form, b"*" * len(form))
        return value

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        rest, self._tail = self._tail, b""
        return rest


@lru_cache(maxsize=_MOST_KNOWN)
def _forms(secret: str) -> Sequence[bytes]:
    """Return the ways to write a secret, the longest first: a shorter one may be a part of it."""
    found = {secret.encode(), *(form for form in forms_of(secret) if len(form) >= _LEAST_FORM)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _beginning_at_end(form: bytes, data: bytes) -> int:
    first = form[:1]
    place = data.find(first, max(0, len(data) - len(form) + 1))
    while place >= 0:
        if form.startswith(data[place:]):
            return len(data) - place
        place = data.find(first, place + 1)
    return 0
