"""Whose plane this is: the tenant's that it was first told of, for good. Nothing of another is ever served here.

Router, gateways, credentials in memory and caches of a plane go by the names of apps and integrations, and two tenants
may give the same ones. So they share no plane; what they may share is the host, where uids and groups part them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.messages import AppState, DesiredState
from bailiwick.files import write_private


@dataclass
class Tenancy:
    """Keeps a plane to one tenant, whose name lies in `file`; `emit` takes an event for each app that was left out."""

    plane: str
    file: Path
    emit: Callable[[AuditEvent], None]
    clock: Callable[[], datetime]
    _told: set[str] = field(default_factory=set)

    def own(self, desired: DesiredState) -> DesiredState:
        """Return what of a desired state is this tenant's; the rest is dropped, and each release of it audited once."""
        tenants = [app.tenant for app in desired.releases] + [item.tenant for item in desired.rehearsals]
        tenants += [item.tenant for item in desired.systems]
        if not tenants:
            return desired
        own = self._tenant(tenants[0])
        if set(tenants) == {own}:
            return desired
        for app in desired.releases:
            if app.tenant != own:
                self._tell(app, own)
        return desired.model_copy(
            update={
                "apps": tuple(app for app in desired.apps if app.tenant == own),
                "candidates": tuple(app for app in desired.candidates if app.tenant == own),
                "rehearsals": tuple(item for item in desired.rehearsals if item.tenant == own),
                "systems": tuple(item for item in desired.systems if item.tenant == own),
            }
        )

    def _tenant(self, first: str) -> str:
        """Return whose this plane is; nobody's yet becomes whoever's comes first."""
        if not self.file.exists():
            write_private(self.file, first)
        return self.file.read_text()

    def _tell(self, app: AppState, own: str) -> None:
        if app.release in self._told:
            return
        self._told.add(app.release)
        self.emit(
            AuditEvent(
                time=self.clock(),
                tenant=own,
                actor=f"plane:{self.plane}",
                action="release.refused",
                resource="app:of-another-tenant",
                outcome=Outcome.REFUSED,
                reason="a release of another tenant was to run here: a plane serves one tenant",
                plane=self.plane,
            )
        )
