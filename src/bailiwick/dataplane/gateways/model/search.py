"""What prompts are looked through for: values that the plane holds, secrets, and personal data where policy says."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from bailiwick.core.masking import Masker
from bailiwick.core.redaction import Profile, Redacted, Redaction, redact_strings

Look = Callable[[Sequence[str]], Redacted]


class PromptSearch:
    """Looks through the strings of one call after the other. `known` returns the values that must leave to nobody."""

    def __init__(self, known: Callable[[], frozenset[str]]) -> None:
        self._known = known
        self._values: frozenset[str] = frozenset()
        self._masker = Masker()
        self._redactions: dict[Profile, Redaction] = {}
        self._warming: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return once it can look: what it looks for takes a second to compile, beside the event loop."""
        if self._warming is None:
            self._warming = asyncio.create_task(asyncio.to_thread(_warm))
        if not self._warming.done():
            await asyncio.shield(self._warming)

    def of(self, profile: Profile) -> Look:
        """Return what looks through strings by a profile, with what is known now."""
        masker = self.masker
        redaction = self._redactions.setdefault(profile, Redaction(profile, strict=True))
        return lambda strings: redact_strings(strings, redaction, masker)

    def redact(self, text: str) -> str:
        """Return one text without secrets, for what is no part of a conversation."""
        return self.of("secrets")([text]).strings[0]

    @property
    def masker(self) -> Masker:
        """What masks the values that are known now."""
        known = self._known()
        if known != self._values:
            self._values, self._masker = known, Masker(known)
        return self._masker


def _warm() -> None:
    # What fails here fails again where it is needed, and refuses that call.
    with contextlib.suppress(Exception):
        Redaction("all", strict=True).values("")
