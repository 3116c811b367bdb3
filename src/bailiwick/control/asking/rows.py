"""A few rows for whoever writes an app, as its preview would show them: decided here, and again where they lie."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.asking.plane import PlaneAsking
from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App
from bailiwick.control.identity import Authorizer
from bailiwick.core.messages import RowsAnswer, RowsWanted
from bailiwick.core.modes import PLANE_OF_MODE, PREVIEW
from bailiwick.core.principals import Identity
from bailiwick.store import Store


@dataclass(frozen=True)
class RowSampling:
    """Asks the plane of previews; no plane of production is ever asked, and none of those would answer."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    readable: Callable[[Session, Identity, str], App]
    plane: PlaneAsking

    def sample(self, identity: Identity, app_path: str, integration: str, table: str, rows: int) -> RowsAnswer:
        """Return the first rows of a table; the plane audits what it shows. Raises `ForbiddenError` for no builder."""
        context = {"mode": PREVIEW, "plane": PLANE_OF_MODE[PREVIEW]}
        with self.store.transaction() as session:
            app = self.readable(session, identity, app_path)
            resource = f"app:{app.path}"
            self.authorizer.require(session, identity, "app.sample-rows", resource, context)
            classes = self.authorizer.holders_of(session, [resource])[resource].data_classes
            masker = self.audit.masker(session)
        wanted = RowsWanted(app=app.path, integration=integration, table=table, rows=rows, data_classes=classes)
        answer = self.plane.rows(identity, wanted)
        shown = tuple(tuple(None if value is None else masker.mask(value) for value in row) for row in answer.rows)
        return answer.model_copy(update={"rows": shown})
