"""Keeps the upstream's credential out of answers: a server may repeat what it was sent, and no caller may see that."""


class Withheld:
    """Replaces a secret in a stream by as many asterisks, so that lengths stay right; it holds back at most a part of
    it.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._stars = b"*" * len(self._secret)
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """Return what may go on: all but an end that could be the beginning of the secret."""
        if not self._secret:
            return data
        data = self._tail + data
        if self._secret in data:
            data = data.replace(self._secret, self._stars)
        held = self._beginning_at_end(data)
        self._tail = data[len(data) - held :]
        return data[: len(data) - held]

    def whole(self, value: bytes) -> bytes:
        """Return a value that comes at once, such as that of a header."""
        return value.replace(self._secret, self._stars) if self._secret else value

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        rest, self._tail = self._tail, b""
        return rest

    def _beginning_at_end(self, data: bytes) -> int:
        first = self._secret[:1]
        place = data.find(first, max(0, len(data) - len(self._secret) + 1))
        while place >= 0:
            if self._secret.startswith(data[place:]):
                return len(data) - place
            place = data.find(first, place + 1)
        return 0
