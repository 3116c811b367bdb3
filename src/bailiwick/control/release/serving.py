"""Serving: what a plane should run, and the artefacts that it may fetch for it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.capabilities import OpenFor
from bailiwick.control.catalog import CatalogService
from bailiwick.control.domains import domains_by_app
from bailiwick.control.guardrails import rails_in_force
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import (
    Integration,
    IntegrationService,
    classes_by_integration,
    classes_in,
    withdrawals,
)
from bailiwick.control.pauses import words_by_worker
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.freezes import Freezes
from bailiwick.control.release.tables import CandidateRow, CurrentRow, ReleaseRow
from bailiwick.control.stops import StandingStops, StopService
from bailiwick.core.branches import branch_label
from bailiwick.core.guardrails import Guardrails, guardrails_of, settings_for
from bailiwick.core.messages import AppState, IntegrationState
from bailiwick.core.modes import PLANE_OF_MODE, PREVIEW, PRODUCTION
from bailiwick.core.policy import RoleHolders
from bailiwick.core.rollouts import RolloutStep
from bailiwick.core.statements import Envelope
from bailiwick.core.stops import StopKind


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
        freezes: Freezes,
        artifacts: ArtifactStore,
    ) -> None:
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._open_for = open_for
        self._stops = stops
        self._freezes = freezes
        self._artifacts = artifacts

    def modes(self, plane: str) -> frozenset[str]:
        """Return the modes that a plane serves."""
        return frozenset(mode for mode, name in PLANE_OF_MODE.items() if name == plane)

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve, with the roles and switches as they are now."""
        query = (
            select(ReleaseRow, CurrentRow.accept_loss)
            .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
            .where(CurrentRow.mode.in_(self.modes(plane)))
            .order_by(ReleaseRow.app, ReleaseRow.branch)
        )
        rows = session.execute(query).all()
        states = self._states(session, [row for row, _ in rows])
        return tuple(
            state.model_copy(update={"accept_loss": accept_loss})
            for state, (_, accept_loss) in zip(states, rows, strict=True)
        )

    def candidate_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve beside that, each with the step of its rollout."""
        if PRODUCTION not in self.modes(plane):
            return ()
        query = select(ReleaseRow, CandidateRow).join(CandidateRow, CandidateRow.release == ReleaseRow.id)
        rows = session.execute(query.order_by(ReleaseRow.app)).all()
        states = self._states(session, [row for row, _ in rows])
        return tuple(
            state.model_copy(
                update={
                    "step": RolloutStep(
                        rollout=beside.rollout, number=beside.step, share=beside.share, names=frozenset(beside.names)
                    )
                }
            )
            for state, (_, beside) in zip(states, rows, strict=True)
        )

    def signed_by(self, session: Session, key: str) -> list[str]:
        """Return the apps and modes that are served a release with a signature of this key, or that runs beside it."""
        served = select(CurrentRow.release).union(select(CandidateRow.release))
        query = select(ReleaseRow).where(ReleaseRow.id.in_(served))
        found = session.scalars(query.order_by(ReleaseRow.app, ReleaseRow.mode)).all()
        return [f"{row.app} ({row.mode})" for row in found if key in _signers(row.chain)]

    def approved(self, session: Session, release: str) -> Mapping[str, str] | None:
        """Return tree, dependencies (empty where nobody pinned them) and reach of a release as they were signed."""
        row = session.scalars(select(ReleaseRow).where(ReleaseRow.id == release)).one_or_none()
        if row is None:
            return None
        return {"tree": row.tree, "dependencies": row.chain.get("layer", ""), "reach": row.reach}

    def artifact_bytes(self, sha256: str) -> bytes:
        """Return what a state of `app_states` names by its digest; the caller has seen to it that one does."""
        return self._artifacts.get(sha256)

    def _states(self, session: Session, rows: Sequence[ReleaseRow]) -> list[AppState]:
        if not rows:
            return []
        present = self._integrations.present(session)
        holders = self._authorizer.holders_of(session, [f"app:{row.app}" for row in rows])
        withdrawn = frozenset((item.app, item.integration) for item in withdrawals(session))
        held = self._freezes.held(session)
        stops = self._stops.now(session)
        rails = rails_in_force(session)
        domains, paused = domains_by_app(session), words_by_worker(session)
        classes = classes_by_integration(session)
        return [
            self._app_state(
                session,
                row,
                present,
                withdrawn,
                stops,
                classes,
                guardrails_of(settings_for(rails, row.app, row.mode)),
                holders[f"app:{row.app}"].roles,
            ).model_copy(
                update={
                    "frozen": held.get(row.id, ""),
                    "domains": domains.get(row.app, ()) if row.mode == PRODUCTION else (),
                    "paused": paused.get((row.app, row.mode), {}),
                }
            )
            for row in rows
        ]

    def _app_state(
        self,
        session: Session,
        row: ReleaseRow,
        present: Mapping[str, Integration],
        withdrawn: Collection[tuple[str, str]],
        stops: StandingStops,
        classes: Mapping[str, Mapping[str, str]],
        guardrails: Guardrails,
        roles: RoleHolders,
    ) -> AppState:
        app = self._catalog.app(session, row.app)
        every = stops.on_app_in(row.app, row.mode)
        kills = [kill for kill in every if not kill.on_trial]
        capabilities = tuple(row.integrations.get("capabilities", ()))
        states = [IntegrationState.model_validate(item) for item in row.integrations["states"]]
        plane = PLANE_OF_MODE[PREVIEW if row.mode == PREVIEW else PRODUCTION]
        closed = {state.resource: stops.on_way(StopKind.INTEGRATION, state.resource, plane) for state in states}
        return AppState(
            app=row.app,
            tenant=row.tenant,
            mode="preview" if row.mode == PREVIEW else "production",
            trial=guardrails.recovery.share if every and not kills else 0,
            host=f"{branch_label(row.branch)}.{app.host}" if row.branch else app.host,
            branch=row.branch,
            release=row.id,
            commit=row.commit,
            status="killed" if kills else "running",
            killed_because="; ".join(kill.words for kill in kills),
            reach=row.reach,
            artifact_sha256=row.artifact_sha256,
            verdict=Envelope.model_validate(row.chain["verdict"]),
            approvals=tuple(Envelope.model_validate(item) for item in row.chain["approvals"]),
            artifact=Envelope.model_validate(row.chain["artifact"]),
            rehearsal=Envelope.model_validate(row.chain["rehearsal"]) if row.chain.get("rehearsal") else None,
            attachments=tuple(row.chain.get("attachments", ())),
            layer=row.chain.get("layer", ""),
            roles=roles,
            guardrails=guardrails,
            capabilities=capabilities,
            closed=tuple(name for name in capabilities if name not in self._open_for(session, row.app)),
            integrations=tuple(
                _as_it_is(
                    state,
                    present.get(state.resource),
                    plane,
                    withdrawn=(row.app, state.resource) in withdrawn,
                    stopped=closed[state.resource],
                ).model_copy(update={"classes": classes_in(state.grant.offers, classes.get(state.resource, {}))})
                for state in states
            ),
        )


def _as_it_is(
    state: IntegrationState, now: Integration | None, plane: str, *, withdrawn: bool, stopped: str
) -> IntegrationState:
    """Return an integration as an app may use it now: where it is, how much of it, and whether at all."""
    if now is None or plane not in now.connections:
        return state.model_copy(update={"enabled": False, "stopped": stopped})
    return state.model_copy(
        update={
            "connection": now.connections[plane],
            "enabled": now.enabled and not withdrawn and not stopped,
            "stopped": stopped,
            "off": "" if now.enabled else now.off,
            "limits": now.limits,
        }
    )


def _signers(chain: Mapping[str, Any]) -> set[str]:
    """Return the ids of the keys that signed a chain; what else is attached to an artefact has the artefact's key."""
    gate = [chain["gate"]] if chain.get("gate") else []
    envelopes = (chain["verdict"], chain["artifact"], *chain["approvals"], *gate)
    return {signature["keyid"] for envelope in envelopes for signature in envelope["signatures"]}
