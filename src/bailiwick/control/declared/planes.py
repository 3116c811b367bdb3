"""Settings of data planes: what each says of its own is recorded in versions, and what drifted is noted."""

from typing import Protocol

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.declared.drifting import note_drift, short
from bailiwick.control.declared.versions import SettingsVersion, append_version, read_history
from bailiwick.core.clock import Clock
from bailiwick.core.effective import difference_lines, differences
from bailiwick.core.events import Outcome
from bailiwick.core.messages import SettingsReport
from bailiwick.core.plane_settings import PlaneSettings, read_settings
from bailiwick.core.statements import Keyring, SignatureError, SigningKey
from bailiwick.store.locks import hold


class PlaneKeys(Protocol):
    """What is needed of whoever knows the keys of planes."""

    def key_of(self, session: Session, plane: str, public: str) -> str:
        """Return the key that a plane signs with: the one that was seen first, whatever it says now."""


class PlaneSettingsBook:
    """Takes in what planes say of their settings. The caller brings the transaction."""

    def __init__(self, audit: AuditLog, keys: PlaneKeys, key: SigningKey, clock: Clock) -> None:
        """Take the audit log, the keys of planes, the installation's own for settings, and the clock."""
        self._audit = audit
        self._keys = keys
        self._key = key
        self._clock = clock

    def take(self, session: Session, plane: str, report: SettingsReport) -> None:
        """Record a version when the settings are others than before, and note what the plane's file says otherwise.

        What the plane's own key did not sign is refused and audited.
        """
        try:
            ring = Keyring.of([self._keys.key_of(session, plane, report.public_key)])
            said = read_settings(report.envelope, ring)
            if said.plane != plane:
                raise SignatureError("the settings are of another plane than the report")
        except SignatureError as fault:
            self._audit.note(
                session, f"plane:{plane}", "settings.refused", f"plane:{plane}", outcome=Outcome.REFUSED,
                reason=fault.message, plane=plane,
            )  # fmt: skip
            return
        self._record(session, said)
        note_drift(
            session, self._audit, self._clock(),
            place=f"plane:{plane}", who=said.owner, changed=said.changed, lines=said.drift,
        )  # fmt: skip

    def _record(self, session: Session, said: PlaneSettings) -> None:
        hold(session, "settings-versions")
        history = read_history(session, self._key.public_text, said.plane)
        newest = history.newest
        if history.problem or (newest is not None and newest.settings == said.settings):
            return  # a broken history is not gone on with: `settings verify` says what is wrong
        version = SettingsVersion(
            sequence=len(history.versions) + 1,
            time=self._clock(),
            by=f"plane:{said.plane}",
            product=said.product,
            file=said.file,
            owner=said.owner,
            changed=said.changed,
            settings=said.settings,
            previous=history.newest_digest,
            plane=said.plane,
        )
        append_version(session, version, self._key)
        moved = differences(newest.settings, said.settings) if newest is not None else []
        self._audit.note(
            session, version.by, "settings.recorded", f"plane:{said.plane}", plane=said.plane,
            context={
                "version": version.sequence, "changes": short(difference_lines(moved)), "owner": said.owner,
            },
        )  # fmt: skip
