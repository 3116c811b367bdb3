"""Credentials that were fetched from the control plane: used for a minute, then asked for again, in memory only.

While the control plane is away, what was good goes on. Once it says no, or that its vault opens no more, it does not.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

from bailiwick.core.errors import BailiwickError, UnavailableError
from bailiwick.core.masking import Masker
from bailiwick.core.messages import SecretValue

_SECONDS = 60.0
_FAULT = 500  # RFC 9110, section 15.6: the server's own fault, which says nothing about the credential
_OF_THE_VAULT = "vault."


class Credentials:
    """Fetches by name; what it ever held is masked wherever it turns up, for as long as the process lives."""

    def __init__(
        self, fetch: Callable[[str], Awaitable[SecretValue]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, tuple[SecretValue, float]] = {}
        self._newest: Mapping[str, int] = {}
        self.values: frozenset[str] = frozenset()
        self.masker = Masker()

    def __repr__(self) -> str:
        return f"Credentials({sorted(self._kept)})"

    async def get(self, name: str) -> str:
        """Return a credential; what the control plane says against it is raised."""
        return (await self.held(name)).value

    async def held(self, name: str) -> SecretValue:
        """Return a credential with the account that it is of; what the control plane says against it is raised."""
        kept, until = self._kept.get(name, (None, 0.0))
        if kept is not None and self._clock() < until and kept.version >= self._newest.get(name, 0):
            return kept
        try:
            fetched = await self._fetch(name)
        except BailiwickError as fault:
            if kept is None or _is_refusal(fault):
                self.forget(name)
                raise
            return kept
        self._kept[name] = (fetched, self._clock() + _SECONDS)
        if fetched.value not in self.values:
            self.values |= {fetched.value}
            self.masker = Masker(self.values)
        return fetched

    def hear(self, newest: Mapping[str, int]) -> None:
        """Take the newest versions that there are: an older one is asked for anew at its next use."""
        self._newest = dict(newest)

    def is_followed(self, name: str, version: int) -> bool:
        """Return whether there is a newer version than this one, 0 for one that nobody knows."""
        return 0 < version < self._newest.get(name, 0)

    def forget(self, name: str) -> None:
        """Ask anew at the next use."""
        self._kept.pop(name, None)


def _is_refusal(fault: BailiwickError) -> bool:
    """Return whether the control plane said no, rather than nothing or that it is not well."""
    if fault.code.startswith(_OF_THE_VAULT):
        return True
    return not isinstance(fault, UnavailableError) and fault.status < _FAULT
