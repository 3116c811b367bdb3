"""Serving: what a plane should run, and the artefacts that it may fetch for it."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService, withdrawals
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.model import PLANE_OF_MODE, PREVIEW
from bailiwick.control.release.stops import StopService
from bailiwick.control.release.tables import CurrentRow, ReleaseRow
from bailiwick.core.errors import NotFoundError
from bailiwick.core.messages import AppState, IntegrationState
from bailiwick.core.policy import RoleHolders
from bailiwick.core.statements import Envelope


class ServingService:
    """Answers for planes. The caller brings the transaction."""

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        catalog: CatalogService,
        integrations: IntegrationService,
        open_for: OpenFor,
        stops: StopService,
        artifacts: ArtifactStore,
    ) -> None:
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._open_for = open_for
        self._stops = stops
        self._artifacts = artifacts

    def modes(self, plane: str) -> frozenset[str]:
        """Return the modes that a plane serves."""
        return frozenset(mode for mode, name in PLANE_OF_MODE.items() if name == plane)

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve, with the roles and switches as they are now."""
        query = (
            select(ReleaseRow)
            .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
            .where(CurrentRow.mode.in_(self.modes(plane)))
            .order_by(ReleaseRow.app)
        )
        enabled = self._integrations.enabled(session)
        rows = session.scalars(query).all()
        holders = self._authorizer.holders_of(session, [f"app:{row.app}" for row in rows])
        withdrawn = frozenset((item.app, item.integration) for item in withdrawals(session))
        return tuple(self._app_state(session, row, enabled, withdrawn, holders[f"app:{row.app}"].roles) for row in rows)

    def artifact_bytes(self, session: Session, sha256: str) -> bytes:
        """Return an artefact that a release of this tenant names."""
        if session.scalar(select(ReleaseRow.id).where(ReleaseRow.artifact_sha256 == sha256).limit(1)) is None:
            raise NotFoundError("no release has this artefact")
        return self._artifacts.get(sha256)

    def _app_state(
        self,
        session: Session,
        row: ReleaseRow,
        enabled: Mapping[str, bool],
        withdrawn: Collection[tuple[str, str]],
        roles: RoleHolders,
    ) -> AppState:
        app = self._catalog.app(session, row.app)
        kill = self._stops.standing_in(session, row.app, row.mode)
        capabilities = tuple(row.integrations.get("capabilities", ()))
        states = [IntegrationState.model_validate(item) for item in row.integrations["states"]]
        return AppState(
            app=row.app,
            tenant=row.tenant,
            mode="preview" if row.mode == PREVIEW else "production",
            host=app.host,
            release=row.id,
            commit=row.commit,
            status="running" if kill is None else "killed",
            killed_because="" if kill is None else kill.because,
            reach=row.reach,
            artifact_sha256=row.artifact_sha256,
            verdict=Envelope.model_validate(row.chain["verdict"]),
            approvals=tuple(Envelope.model_validate(item) for item in row.chain["approvals"]),
            artifact=Envelope.model_validate(row.chain["artifact"]),
            roles=roles,
            capabilities=capabilities,
            closed=tuple(name for name in capabilities if name not in self._open_for(session, row.app)),
            integrations=tuple(
                state.model_copy(
                    update={
                        "enabled": enabled.get(state.resource, False) and (row.app, state.resource) not in withdrawn
                    }
                )
                for state in states
            ),
        )
