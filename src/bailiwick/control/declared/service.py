"""Declared settings: recorded at each start when they changed, and watched while the control plane runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from yaml import YAMLError

from bailiwick.control.audit import AuditLog
from bailiwick.control.declared.drifting import note_drift, short
from bailiwick.control.declared.tables import SettingsDriftRow
from bailiwick.control.declared.versions import (
    History,
    SettingsVersion,
    append_version,
    planes_recorded,
    read_history,
)
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.effective import difference_lines, differences, effective, hand_of, user_name
from bailiwick.core.principals import Identity
from bailiwick.core.statements import SigningKey
from bailiwick.store import Store
from bailiwick.store.locks import hold
from bailiwick.version import product_version

_FILE, _RECORD = "file", "record"


@dataclass(frozen=True, slots=True)
class Drift:
    """Settings that are elsewhere than the newest version says: in which place, by whom, when, and what."""

    place: str
    who: str
    changed: datetime | None
    lines: Sequence[str]
    found: datetime
    ended: datetime | None


class DeclaredSettings:
    """The settings that this control plane runs with, and their versions. `file` is where they were read from."""

    def __init__(
        self,
        settings: BaseModel,
        file: Path | None,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        key: SigningKey,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._file = file
        self._running = effective(settings)
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._key = key
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The public key that versions verify with."""
        return self._key.public_text

    def record(self) -> None:
        """Record what this control plane runs with when that is another than the newest version; safe to repeat."""
        with self._store.transaction() as session:
            hold(session, "settings-versions")
            history = read_history(session, self._key.public_text)
            if history.problem or (history.newest and history.newest.settings == self._running):
                return  # a broken history is not gone on with: `look` says what is wrong
            owner, changed = hand_of(self._file)
            by = f"operator:{user_name()}"
            version = SettingsVersion(
                sequence=len(history.versions) + 1,
                time=self._clock(),
                by=by,
                product=product_version(),
                file=str(self._file or ""),
                owner=owner,
                changed=changed,
                settings=self._running,
                previous=history.newest_digest,
            )
            append_version(session, version, self._key)
            moved = differences(history.newest.settings, self._running) if history.newest else []
            context: dict[str, str | int] = {
                "version": version.sequence,
                "changes": short(difference_lines(moved)),
                "owner": owner,
            }
            self._audit.note(session, by, "settings.recorded", "installation", context=context)

    def look(self) -> None:
        """Compare the file and the record with what runs; note what drifted, once, and what no longer does."""
        with self._store.transaction() as session:
            history = read_history(session, self._key.public_text)
            now, (owner, changed) = self._clock(), hand_of(self._file)
            for place, who, when, lines in (
                (_FILE, owner, changed, self._drift_of_file()),
                (_RECORD, "whoever writes to the database", None, self._drift_of_record(history)),
            ):
                note_drift(session, self._audit, now, place=place, who=who, changed=when, lines=lines)

    def history(self, identity: Identity, plane: str = "") -> History:
        """Return the versions (of a data plane, where one is named) for whoever may read settings."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "settings.read", ORGANIZATION)
            return read_history(session, self._key.public_text, plane)

    def planes(self, identity: Identity) -> dict[str, History]:
        """Return the versions of every data plane that told its settings, by its name."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "settings.read", ORGANIZATION)
            names = planes_recorded(session)
            return {name: read_history(session, self._key.public_text, name) for name in names}

    def drifts(self, identity: Identity, limit: int = 50) -> list[Drift]:
        """Return what drifted, newest first."""
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "settings.read", ORGANIZATION)
            query = select(SettingsDriftRow).order_by(SettingsDriftRow.found.desc()).limit(limit)
            return [
                Drift(row.place, row.who, row.changed, row.lines, row.found, row.ended)
                for row in session.scalars(query)
            ]

    def _drift_of_file(self) -> list[str]:
        if self._file is None:
            return []
        try:
            there = effective(type(self._settings).load(self._file))  # type: ignore[attr-defined]
        except (OSError, ValidationError, YAMLError, TypeError) as fault:
            return [f"the file cannot be read as settings ({type(fault).__name__})"]
        return difference_lines(differences(self._running, there))

    def _drift_of_record(self, history: History) -> list[str]:
        if history.problem:
            return [history.problem]
        recorded = history.newest.settings if history.newest else {}
        return difference_lines(differences(recorded, self._running))
