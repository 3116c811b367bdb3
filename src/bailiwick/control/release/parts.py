"""What deploys are made with: asked for, decided about and published by the same parts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.change_windows import Standing, standing_of
from bailiwick.control.databases import Rehearsals
from bailiwick.control.gates import ApprovalDesk, Weighed
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService
from bailiwick.control.release.deciders import Deciders
from bailiwick.control.release.emergencies import EmergencyService
from bailiwick.control.release.freezes import Freezes
from bailiwick.control.release.gathering import Gathering
from bailiwick.control.release.model import Waiting
from bailiwick.control.release.packing import Notify, Packer, Sources, Verdicts
from bailiwick.control.release.production import Production
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.staging import Outlet
from bailiwick.control.release.tables import DeployRow
from bailiwick.control.stops import StopService
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reach import Reach
from bailiwick.store import Store

AskAgain = Callable[[str, str, str, str], None]
# Told of each deploy that waits from now on, in the transaction that makes it wait.
OnRequested = Callable[[Session, Waiting], None]


@dataclass(frozen=True)
class DeployParts:
    """The services that deploys need. `notify` is called once a change is durable, `ask_again` with app, commit, tree
    and why, when a verdict is good no more; `waits_for` is how long a deploy waits for its decision.
    """

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    catalog: CatalogService
    integrations: IntegrationService
    open_for: OpenFor
    sources: Sources
    verdicts: Verdicts
    signer: ReleaseSigner
    packer: Packer
    stops: StopService
    freezes: Freezes
    rehearsals: Rehearsals
    outlet: Outlet
    emergencies: EmergencyService
    desk: ApprovalDesk
    waits_for: timedelta
    clock: Clock
    notify: Notify
    ask_again: AskAgain
    deciders: Deciders
    on_requested: OnRequested

    @cached_property
    def production(self) -> Production:
        """What is in production."""
        return Production(self.sources)

    @cached_property
    def gathering(self) -> Gathering:
        """Where the facts of a decision come from."""
        return Gathering(self.authorizer, self.catalog, self.sources, self.production)

    def row(self, session: Session, deploy_id: str, *, lock: bool = False) -> DeployRow:
        """Return a deploy's row; raise `NotFoundError` when there is none."""
        query = select(DeployRow).where(DeployRow.id == deploy_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no deploy '{deploy_id[:60]}'", hint="bailiwick approve --list shows what waits"
            )
        return row

    def visible_app(self, session: Session, identity: Identity, row: DeployRow) -> App:
        """Return the app of a deploy for whoever may see it: who decides in somebody's place must see what about."""
        judged = self.deciders.judge(session, identity, row.app, self.gathering.asked(session, row))
        if judged.behalf and judged.decision.within_reach:
            return self.catalog.app(session, row.app)
        return self.catalog.readable_app(session, identity, row.app)

    def may_go_out(self, session: Session, row: DeployRow) -> bool:
        """Whether a deploy need not wait for its change window: that is open, or it is an emergency."""
        return bool(row.emergency) or self.window(session, row.app).open

    def weigh(self, session: Session, row: DeployRow) -> Weighed:
        """Return how a deploy stands now."""
        return self.desk.weigh(session, self.gathering.facts(session, row))

    def window(self, session: Session, app: str) -> Standing:
        """Return whether releases of an app may go to production now."""
        return standing_of(session, app, self.clock())

    def note(
        self,
        session: Session,
        by: str,
        action: str,
        row: DeployRow,
        decision: Decision | None,
        *,
        reason: str,
        outcome: Outcome = Outcome.SUCCESS,
        more: dict[str, ContextFact] | None = None,
    ) -> None:
        """Write down what was decided about a deploy."""
        digest = Reach.model_validate(row.reach).digest()
        self.audit.note(
            session,
            by,
            action,
            f"app:{row.app}",
            outcome=outcome,
            reason=reason,
            app=row.app,
            deciders=decision.deciders if decision is not None else (),
            context={"deploy": row.id, "commit": row.commit, "tree": row.tree, "reach": digest, **(more or {})},
        )
