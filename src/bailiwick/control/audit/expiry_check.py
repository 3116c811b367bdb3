"""Checks of an export that every content that is missing was taken by expiry: an event of the log must say so."""

import re

EXPIRED = "audit.expired"
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})")
_HASH_BYTES = 32


class ExpiryCheck:
    """Takes note of places without content, and of events that explain them, in the order of the log."""

    def __init__(self) -> None:
        self.count = 0
        self._missing: list[list[int]] = []
        self._explained: list[tuple[int, int]] = []

    def missing(self, place: int) -> None:
        """Take note that there is no content at this place."""
        self.count += 1
        if self._missing and self._missing[-1][1] == place - 1:
            self._missing[-1][1] = place
        else:
            self._missing.append([place, place])

    def seen(self, place: int, event: object) -> None:
        """Take note of an event that is there: of what it says that it took, where that lies before itself."""
        if not isinstance(event, dict) or event.get("action") != EXPIRED or not isinstance(event.get("context"), dict):
            return
        places = event["context"].get("places")
        for written in places if isinstance(places, list) else ():
            found = _RANGE.fullmatch(written) if isinstance(written, str) else None
            if found is not None and int(found[2]) < place:
                self._explained.append((int(found[1]), int(found[2])))

    def unexplained(self) -> int | None:
        """Return the first place without content that no event explains, or None."""
        explained = _merged(self._explained)
        at = 0
        for first, last in self._missing:
            while at < len(explained) and explained[at][1] < first:
                at += 1
            # Merged ranges do not touch: one of them covers all that is missing in a row, or something is left.
            if at == len(explained) or explained[at][0] > first:
                return first
            if explained[at][1] < last:
                return explained[at][1] + 1
        return None


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        elif first <= last:
            merged.append((first, last))
    return merged


def read_leaf(written: object) -> bytes:
    """Return a leaf's hash from its hex form; zeros, which fit nothing, where it is not one."""
    try:
        found = bytes.fromhex(str(written))
    except ValueError:
        found = b""
    return found if len(found) == _HASH_BYTES else bytes(_HASH_BYTES)
