"""What runs at the control plane's own doors in somebody's name: it ends when their access does."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

from bailiwick.control.identity.errors import CredentialRefusedError
from bailiwick.core.principals import Identity


class InFlight:
    """Long work by whose it is. `epochs` returns who had credentials revoked, with their present epoch."""

    def __init__(self, epochs: Callable[[], Mapping[str, int]]) -> None:
        self._epochs = epochs
        self._lock = threading.Lock()
        self._running: dict[object, tuple[Identity, Callable[[], object]]] = {}

    @contextlib.contextmanager
    def entered(self, identity: Identity, cut: Callable[[], object]) -> Iterator[None]:
        """Enclose work in somebody's name. `cut` ends it, is called from any thread, and may come at any time.

        Call `require_current` once inside: their access may have ended since the check at the door.
        """
        key = object()
        with self._lock:
            self._running[key] = (identity, cut)
        try:
            yield
        finally:
            with self._lock:
                del self._running[key]

    def require_current(self, identity: Identity) -> None:
        """Return while an identity's credentials are good; raise `CredentialRefusedError` once they have ended."""
        if identity.is_revoked(self._epochs()):
            raise CredentialRefusedError("this credential was revoked", hint="sign in again")

    def end_revoked(self) -> None:
        """Cut what runs in the name of anybody whose access has ended."""
        with self._lock:
            running = list(self._running.values())
        if running:
            epochs = self._epochs()
            for identity, cut in running:
                if identity.is_revoked(epochs):
                    cut()
