"""What prompts and answers are looked through for: values that the plane holds, and what is secret or personal."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from bailiwick.core.injection import SignSearch
from bailiwick.core.masking import Masker
from bailiwick.core.redaction import AnswerSearch, Own, Profile, Redacted, Redaction, Seen, redact_strings

Look = Callable[[Sequence[str]], Redacted]


class PromptSearch:
    """Looks through the strings of one call after the other. `known` returns the values that must leave to nobody, and
    `own` what finds the organisation's own.
    """

    def __init__(self, known: Callable[[], frozenset[str]], own: Callable[[], Own]) -> None:
        self._known = known
        self._kept = own
        self._own: Own | None = None
        self._values: frozenset[str] = frozenset()
        self._masker = Masker()
        self._redactions: dict[Profile, Redaction] = {}
        self._seen: dict[Profile, Seen] = {}
        self.signs = SignSearch()
        self._warming: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """Begin to be ready, beside the event loop: what it looks for may take seconds to compile."""
        if self._warming is None:
            self._warming = asyncio.create_task(asyncio.to_thread(_warm))
        return self._warming

    async def ready(self) -> None:
        """Return once it can look."""
        if not self.begin().done():
            await asyncio.shield(self.begin())

    def of(self, profile: Profile) -> Look:
        """Return what looks through strings by a profile, with what is known now."""
        masker, redaction = self.masker, self._redaction(profile)
        seen = self._seen.setdefault(profile, Seen())
        return lambda strings: redact_strings(strings, redaction, masker, seen)

    def of_answer(self, profile: Profile, sent: Redacted) -> AnswerSearch:
        """Return what looks through the answer to what was sent, with what is known now."""
        return AnswerSearch(self._redaction(profile), self.masker, sent.strings, sent.names)

    def redact(self, text: str) -> str:
        """Return one text without secrets, for what is no part of a conversation."""
        return self.of("secrets")([text]).strings[0]

    def _redaction(self, profile: Profile) -> Redaction:
        own = self.own
        if profile not in self._redactions:
            self._redactions[profile] = Redaction(profile, own, strict=True)
        return self._redactions[profile]

    @property
    def own(self) -> Own:
        """What finds the organisation's own values, by the rules of now."""
        own = self._kept()
        if own is not self._own:
            self._own = own
            self._redactions.clear()
        return own

    @property
    def masker(self) -> Masker:
        """What masks the values that are known now."""
        known = self._known()
        if known != self._values:
            self._values, self._masker = known, Masker(known)
        return self._masker


# Strings for which every kind of pattern is run: the beginning of a credential, and what is spelled out.
_ANY = ("a-b-c-d-e-f-g-h-i-j-k-l-m-n-1-2", "ghp_a1B2c3", "d4E5 mail at 1")


def _warm() -> None:
    # What fails here fails again where it is needed, and refuses that call.
    with contextlib.suppress(Exception):
        redact_strings(_ANY, Redaction("all", strict=True), Masker(()))
