"""A file of facts that imports make anew: who may import and read it, what is audited, and a name for what it says."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.events import ContextFact
from bailiwick.core.principals import Identity
from bailiwick.store import Store


class FactFile:
    """One file at `path`; `noun` ("advisories", "index") begins its actions in policies and in the audit log."""

    def __init__(
        self, path: Path, noun: str, *, store: Store, audit: AuditLog, authorizer: Authorizer, clock: Clock
    ) -> None:
        self.path = path
        self._noun = noun
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._clock = clock
        # Which file, on which day, and what it comes to: asked at every decision about a verdict.
        self._named: tuple[tuple[int, int, int, date], str] | None = None

    @property
    def found(self) -> str:
        """Where the file is; empty when none was ever imported."""
        return str(self.path) if self.path.exists() else ""

    def name(self, facts: Callable[[date], Iterable[str]]) -> str:
        """Return a name for what the file says on this day, of facts that are asked for when file or day changed; empty
        without a file.
        """
        try:
            seen = self.path.stat()
        except FileNotFoundError:
            return ""
        today = self._clock().date()
        key = (seen.st_ino, seen.st_size, seen.st_mtime_ns, today)
        if self._named is None or self._named[0] != key:
            self._named = (key, name_of("\n".join(sorted(facts(today)))))
        return self._named[1]

    def require_import(self, identity: Identity) -> None:
        """Raise when somebody may not import: asked before what they send is read."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, f"{self._noun}.import", ORGANIZATION)

    def require_read(self, identity: Identity) -> None:
        """Raise when somebody may not see what there is."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, f"{self._noun}.read", ORGANIZATION)

    def note_import(self, identity: Identity, sources: Mapping[str, str], **context: ContextFact) -> None:
        """Write down an import with the digest of each source, by ecosystem."""
        with self._store.transaction() as session:
            # Once more: a large import takes its time.
            decision = self._authorizer.require(session, identity, f"{self._noun}.import", ORGANIZATION)
            self._audit.note(
                session,
                str(identity.principal),
                f"{self._noun}.imported",
                ORGANIZATION,
                deciders=tuple(decision.deciders),
                context={**context, **{f"{ecosystem}_sha256": digest for ecosystem, digest in sources.items()}},
            )


def name_of(text: str) -> str:
    """Return a short name for a text: another one for any other text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
