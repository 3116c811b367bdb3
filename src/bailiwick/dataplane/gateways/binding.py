"""What a planted socket stands for: one app, one release, one integration under one grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.events import AuditEvent, ContextFact, Outcome
from bailiwick.core.grants import DataGrant
from bailiwick.core.policy import RoleHolders
from bailiwick.core.principals import Identity


@dataclass(frozen=True, eq=False)
class Binding:
    """What a planted socket stands for: this app and release, this integration under this grant.

    Each is one socket and equal to itself only, so that it can be a key without looking through the whole grant.
    `name` is what the app's own code calls it. `database_of` is set for an app's own database: the mode ("preview" or
    "production") that it belongs to, and `branch` for that of a branch's preview.
    """

    app: str
    release: str
    tenant: str
    plane: str
    resource: str
    grant: DataGrant
    roles: RoleHolders
    data_classes: frozenset[str] = frozenset()
    database_of: str = ""
    branch: str = ""
    name: str = ""

    @property
    def account(self) -> str:
        """The principal that calls are counted for."""
        return f"app:{self.app}"

    @property
    def written(self) -> str:
        """The name of what is queried, as the audit log has it."""
        return f"database:{self.app}" if self.database_of else f"integration:{self.resource}"

    def event(
        self,
        time: datetime,
        identity: Identity,
        trace: str,
        *,
        action: str,
        outcome: Outcome,
        reason: str = "",
        deciders: tuple[str, ...] = (),
        context: Mapping[str, ContextFact] | None = None,
    ) -> AuditEvent:
        """Return what to audit of something that somebody did, or was refused, through this socket."""
        return AuditEvent(
            time=time,
            tenant=self.tenant,
            actor=str(identity.principal),
            action=action,
            resource=self.written,
            outcome=outcome,
            reason=reason,
            app=self.app,
            release=self.release,
            trace=trace,
            plane=self.plane,
            deciders=deciders,
            context=dict(context or {}),
            acting_for=identity.principal.behalf,
        )
