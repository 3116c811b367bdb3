"""Asking for a deploy: what was reviewed, with what it may reach, waits from then on."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.gates import RuleKind
from bailiwick.control.identity import answering
from bailiwick.control.integrations import Resolved
from bailiwick.control.release.errors import NotReviewedError
from bailiwick.control.release.gathering import candidate_of
from bailiwick.control.release.model import Deploy, DeployState, Waiting
from bailiwick.control.release.packing import ReviewedCommit, current_release, integrations_json, manifest_of
from bailiwick.control.release.parts import DeployParts
from bailiwick.control.release.rows import deploy_of
from bailiwick.control.release.tables import DeployRow, ReleaseRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.ids import new_id
from bailiwick.core.modes import PLANE_OF_MODE, PRODUCTION
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason

_MOST_NEW = 50


class Requesting:
    """Makes deploys that wait."""

    def __init__(self, parts: DeployParts) -> None:
        self._parts = parts

    def request(
        self,
        identity: Identity,
        app_path: str,
        commit: str,
        fixes: str,
        plan: Mapping[str, Any] | None,
        emergency: str = "",
    ) -> Deploy:
        """Ask to bring a reviewed commit to production, as `DeployService.request` says."""
        if emergency:
            emergency = given_reason(emergency, "say what is broken and cannot wait", what="an emergency")
        parts = self._parts
        parts.packer.build_ahead(self._asked_for(identity, app_path, commit))
        with parts.freezes.refusals(identity, app_path), parts.store.transaction() as session:
            app = parts.catalog.readable_app(session, identity, app_path)
            parts.authorizer.require(session, identity, "app.request-deploy", app.resource)
            reviewed = parts.sources.accepted(session, app, commit) if commit else parts.sources.head(session, app)
            if reviewed is None:
                raise NotReviewedError(
                    "there is no reviewed commit to deploy" if not commit else f"{commit[:12]} was not reviewed here",
                    hint="push to main first: what passes the review can be deployed",
                )
            self._require_verdict(session, app, reviewed)
            if emergency:
                parts.emergencies.require_none_overdue(session, app.path)
            files = parts.sources.files(app, reviewed.commit)
            manifest = manifest_of(files)
            resolved = parts.integrations.resolve(
                session, manifest, app.folder, PLANE_OF_MODE[PRODUCTION], parts.open_for(session, app.path)
            )
            # Approvals are of one deploy: a newer one begins without any.
            waiting = update(DeployRow).where(DeployRow.app == app.path, DeployRow.state == DeployState.REQUESTED)
            session.execute(waiting.values(state=DeployState.SUPERSEDED))
            row = self._new_row(session, identity, app, reviewed, resolved, fixes)
            row.emergency = emergency
            parts.freezes.require_free(session, identity, candidate_of(row))
            parts.rehearsals.ask(session, row.id, app.path, row.tree, manifest, files, self._running(session, app))
            if plan is not None:
                parts.outlet.wish(session, app, row.id, plan)
            new = parts.gathering.facts(session, row).new
            parts.audit.note(
                session,
                row.requested_by,
                "deploy.requested",
                app.resource,
                app=app.path,
                context={
                    "deploy": row.id,
                    "commit": row.commit,
                    "new": tuple(f"{line.kind}: {line.words}" for line in new[:_MOST_NEW]),
                },
            )
            if emergency:
                parts.note(session, row.requested_by, "deploy.emergency-asked", row, None, reason=emergency)
            if parts.weigh(session, row).demand.kind is not RuleKind.AUTOMATIC:
                added = tuple(line.words for line in new)
                parts.on_requested(session, Waiting(deploy_of(row), parts.gathering.asked(session, row), added))
            return deploy_of(row)

    def _asked_for(self, identity: Identity, app_path: str, commit: str) -> Sequence[TreeFile]:
        """Return the files of what is asked for, none when there is nothing that could be deployed."""
        parts = self._parts
        with parts.store.transaction() as session:
            app = parts.catalog.readable_app(session, identity, app_path)
            parts.authorizer.require(session, identity, "app.request-deploy", app.resource)
            reviewed = parts.sources.accepted(session, app, commit) if commit else parts.sources.head(session, app)
            if reviewed is None or parts.verdicts.standing(session, app.path, reviewed.tree).verdict is None:
                return ()
        return parts.sources.files(app, reviewed.commit)

    def _require_verdict(self, session: Session, app: App, reviewed: ReviewedCommit) -> None:
        standing = self._parts.verdicts.standing(session, app.path, reviewed.tree)
        if standing.verdict is not None:
            return
        hint = "push to main first: what passes the review can be deployed"
        if standing.again:
            self._parts.ask_again(app.path, reviewed.commit, reviewed.tree, standing.again)
            hint = "try again in a minute; what the new review finds is on the app's page"
        raise NotReviewedError(f"{reviewed.commit[:12]} cannot be deployed now: {standing.reason}", hint=hint)

    def _new_row(
        self, session: Session, identity: Identity, app: App, reviewed: ReviewedCommit, resolved: Resolved, fixes: str
    ) -> DeployRow:
        earlier = select(ReleaseRow.id).where(ReleaseRow.app == app.path, ReleaseRow.mode == PRODUCTION).limit(1)
        served = current_release(session, app.path, PRODUCTION)
        authors = self._parts.sources.authors(session, app, reviewed.commit, since=served.commit if served else "")
        row = DeployRow(
            id=new_id("dep"),
            app=app.path,
            commit=reviewed.commit,
            tree=reviewed.tree,
            authors=sorted(answering(session, authors | {reviewed.author})),
            requested_by=str(identity.principal),
            requested_at=self._parts.clock(),
            state=DeployState.REQUESTED,
            first_deploy=session.scalar(earlier) is None,
            reach=resolved.reach.model_dump(mode="json"),
            integrations=integrations_json(resolved),
            decided_by="",
            decided_for="",
            decided_at=None,
            reason="",
            release="",
            fixes=fixes,
        )
        session.add(row)
        session.flush()
        return row

    def _running(self, session: Session, app: App) -> list[TreeFile]:
        served = current_release(session, app.path, PRODUCTION)
        return self._parts.sources.files(app, served.commit) if served is not None else []
