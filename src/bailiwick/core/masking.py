"""Masking: values that must never be written are replaced wherever the platform writes text."""

import re
from collections.abc import Iterable

MASK = "•••"
_SHORTEST = 6


class Masker:
    """Replaces known secret values in text; it shows none of them itself."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Take the secret values; those shorter than six characters are left alone, as masking them would garble."""
        known = sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(value) for value in known)) if known else None

    def mask(self, text: str) -> str:
        """Return the text with each known value replaced by `•••`."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def found(self, text: str) -> frozenset[str]:
        """Return the known values that stand in the text."""
        return frozenset(self._pattern.findall(text)) if self._pattern else frozenset()

    def finds(self, text: str) -> bool:
        """Return whether a known value stands in the text."""
        return bool(self._pattern and self._pattern.search(text))
