"""Releases: previews, deploys and their approvals, stops and revivals; each step one transaction with its event."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import App, CatalogService
from bailiwick.control.identity import Authorizer
from bailiwick.control.integrations import IntegrationService, Resolved
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.errors import AppIsStoppedError, NotDecidableError, NotReviewedError
from bailiwick.control.release.model import (
    AppKilled,
    Change,
    Deploy,
    DeployState,
    Kill,
    ReachChange,
    Release,
    StateChanged,
)
from bailiwick.control.release.reach_words import compare
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.tables import CurrentRow, DeployRow, KillRow, ReleaseRow
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.events import AuditEvent, Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest
from bailiwick.core.messages import AppState, IntegrationState, KillReport
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.reach import Reach
from bailiwick.core.statements import Envelope
from bailiwick.store import Store

PREVIEW, PRODUCTION = "preview", "production"
_PLANE_OF_MODE = {PREVIEW: "editor", PRODUCTION: "production"}
_RELEASER = Identity.of_service(Principal("service", "release"))


class ReviewedCommit(Protocol):
    """A commit that was pushed and reviewed."""

    @property
    def commit(self) -> str:
        """The commit id."""

    @property
    def tree(self) -> str:
        """The tree id."""

    @property
    def author(self) -> str:
        """Who pushed it, as a written principal."""


class Sources(Protocol):
    """What releases need of the source domain."""

    def head(self, session: Session, app: App) -> ReviewedCommit | None:
        """Return what is on the main branch."""

    def accepted(self, session: Session, app: App, commit: str) -> ReviewedCommit | None:
        """Return a commit that was accepted onto the main branch."""

    def files(self, app: App, commit: str) -> list[TreeFile]:
        """Return the files of a commit."""


class Verdicts(Protocol):
    """What releases need of the review domain."""

    def verdict_for(self, session: Session, app: str, tree: str) -> Envelope | None:
        """Return the signed verdict on exactly this tree."""


class ReleaseService:
    """Brings apps to planes. `notify` is called once a change is durable."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        integrations: IntegrationService,
        sources: Sources,
        verdicts: Verdicts,
        signer: ReleaseSigner,
        artifacts: ArtifactStore,
        clock: Clock,
        notify: Callable[[Change], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._integrations = integrations
        self._sources = sources
        self._verdicts = verdicts
        self._signer = signer
        self._artifacts = artifacts
        self._clock = clock
        self._notify = notify

    # -- previews ------------------------------------------------------------------------------------------------

    def preview(
        self, session: Session, app: App, reviewed: ReviewedCommit, verdict: Envelope, files: Sequence[TreeFile]
    ) -> str:
        """Make what was just accepted the app's preview, in the transaction of the push; return the release's id."""
        resolved = self._integrations.resolve(session, _manifest(files), _PLANE_OF_MODE[PREVIEW])
        release = self._pack(session, app, PREVIEW, reviewed, verdict, (), resolved, files)
        self._note(session, reviewed.author, "release.previewed", app.path, release=release)
        self._tell(session, StateChanged())
        return release

    # -- deploys -------------------------------------------------------------------------------------------------

    def request_deploy(self, identity: Identity, app_path: str, commit: str = "") -> Deploy:
        """Ask to bring a reviewed commit (the newest, when none is named) to production."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.request-deploy", app.resource)
            reviewed = self._sources.accepted(session, app, commit) if commit else self._sources.head(session, app)
            if reviewed is None or self._verdicts.verdict_for(session, app.path, reviewed.tree) is None:
                raise NotReviewedError(
                    "there is no reviewed commit to deploy" if not commit else f"{commit[:12]} was not reviewed here",
                    hint="push to main first: what passes the review can be deployed",
                )
            manifest = _manifest(self._sources.files(app, reviewed.commit))
            resolved = self._integrations.resolve(session, manifest, _PLANE_OF_MODE[PRODUCTION])
            waiting = update(DeployRow).where(DeployRow.app == app.path, DeployRow.state == DeployState.REQUESTED)
            session.execute(waiting.values(state=DeployState.SUPERSEDED))
            row = self._new_deploy(session, identity, app, reviewed, resolved)
            who = str(identity.principal)
            self._note(session, who, "deploy.requested", app.path, context={"deploy": row.id, "commit": row.commit})
            return _deploy(row)

    def explain_approval(self, session: Session, identity: Identity, deploy_id: str) -> Decision:
        """Answer whether this person may approve, and by which policies; nothing is done."""
        return self._may_approve(session, identity, self._deploy_row(session, deploy_id))

    def approve(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Approve a deploy; when policy has all that it wants, the release is signed and goes to production."""
        if not reason.strip():
            raise InvalidInputError("an approval needs a reason", hint="say in a few words what you looked at")
        refusal: Decision | None = None
        with self._store.transaction() as session:
            row = self._deploy_row(session, deploy_id, lock=True)
            decision = self._may_approve(session, identity, row)
            if row.state != DeployState.REQUESTED:
                raise NotDecidableError(f"this deploy is {row.state} already")
            if decision.allowed:
                self._publish(session, identity, row, reason.strip(), decision)
            else:
                refusal = decision
                self._note_refusal(session, identity, row, decision)
        if refusal is not None:
            raise ForbiddenError(
                refusal.reason, hint="ask someone else who may approve it: bailiwick who-can", deciders=refusal.deciders
            )
        return _deploy(row)

    def reject(self, identity: Identity, deploy_id: str, reason: str) -> Deploy:
        """Say no to a deploy, with a reason for whoever asked."""
        if not reason.strip():
            raise InvalidInputError("a rejection needs a reason", hint="say what must change")
        with self._store.transaction() as session:
            row = self._deploy_row(session, deploy_id, lock=True)
            self._may_approve(session, identity, row).require()
            if row.state != DeployState.REQUESTED:
                raise NotDecidableError(f"this deploy is {row.state} already")
            self._decide(row, identity, DeployState.REJECTED, reason.strip())
            self._note(
                session,
                str(identity.principal),
                "deploy.rejected",
                row.app,
                reason=row.reason,
                context={"deploy": row.id},
            )
            return _deploy(row)

    def rollback(self, identity: Identity, app_path: str, release_id: str) -> Release:
        """Serve an earlier production release again; its chain is still the one that was approved."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.rollback", app.resource)
            row = session.get(ReleaseRow, release_id)
            if row is None or row.app != app.path or row.mode != PRODUCTION:
                raise NotFoundError(f"'{release_id[:60]}' is no production release of {app.path}")
            self._make_current(session, app.path, PRODUCTION, row.id)
            self._note(session, str(identity.principal), "release.rolled-back", app.path, release=row.id)
            self._tell(session, StateChanged())
            return _release(row, {row.id})

    # -- stops ---------------------------------------------------------------------------------------------------

    def kill(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Stop an app everywhere, now. Stopping one that is stopped changes nothing."""
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.kill", app.resource)
            standing = self._standing_kill(session, app.path)
            if standing is not None:
                return _kill(standing)
            because = reason.strip() or "no reason was given"
            row = self._add_kill(session, app.path, because, str(identity.principal), "")
            self._note(session, str(identity.principal), "app.killed", app.path, reason=because)
            self._tell(session, AppKilled(app.path, because))
            return _kill(row)

    def record_automatic_kill(self, session: Session, report: KillReport, *, plane: str, evidence: str) -> None:
        """Remember that a plane stopped an app by itself; every other plane is told to stop it too."""
        if self._standing_kill(session, report.app) is not None:
            return
        by = f"plane:{plane}"
        self._add_kill(session, report.app, report.because, by, evidence)
        self._note(
            session,
            by,
            "app.killed",
            report.app,
            release=report.release,
            reason=report.because,
            context={"evidence": evidence, "automatic": True},
        )
        self._tell(session, AppKilled(report.app, report.because))

    def revive(self, identity: Identity, app_path: str, reason: str) -> Kill:
        """Let a stopped app run again; a person must say why."""
        if not reason.strip():
            raise InvalidInputError("a revival needs a reason", hint="say what was wrong and why it is well now")
        with self._store.transaction() as session:
            app = self._catalog.readable_app(session, identity, app_path)
            self._authorizer.require(session, identity, "app.revive", app.resource)
            row = self._standing_kill(session, app.path)
            if row is None:
                raise NotDecidableError(f"{app.path} is not stopped")
            if not identity.is_person:
                raise ForbiddenError("only a person revives an app")
            row.revived_by = str(identity.principal)
            row.revive_reason = reason.strip()
            row.revived_at = self._clock()
            self._note(session, row.revived_by, "app.revived", app.path, reason=row.revive_reason)
            self._tell(session, StateChanged())
            return _kill(row)

    # -- questions -----------------------------------------------------------------------------------------------

    def deploy(self, session: Session, deploy_id: str) -> Deploy:
        """Return a deploy."""
        return _deploy(self._deploy_row(session, deploy_id))

    def deploys(self, session: Session, app_path: str, limit: int = 20) -> list[Deploy]:
        """Return an app's deploys, newest first."""
        query = select(DeployRow).where(DeployRow.app == app_path).order_by(DeployRow.requested_at.desc())
        return [_deploy(row) for row in session.scalars(query.limit(limit))]

    def inbox(self, session: Session, identity: Identity) -> list[Deploy]:
        """Return the deploys that wait for a decision, of apps that the asker may read, oldest first."""
        query = select(DeployRow).where(DeployRow.state == DeployState.REQUESTED).order_by(DeployRow.requested_at)
        return [
            _deploy(row)
            for row in session.scalars(query)
            if self._authorizer.decide(session, identity, "app.read", f"app:{row.app}").allowed
        ]

    def releases(self, session: Session, app_path: str, limit: int = 20) -> list[Release]:
        """Return an app's releases, newest first."""
        current = set(session.scalars(select(CurrentRow.release).where(CurrentRow.app == app_path)))
        query = select(ReleaseRow).where(ReleaseRow.app == app_path).order_by(ReleaseRow.created_at.desc())
        return [_release(row, current) for row in session.scalars(query.limit(limit))]

    def reach_change(self, session: Session, deploy_id: str) -> ReachChange:
        """Return what a deploy would change in the app's reach, against what is in production now."""
        row = self._deploy_row(session, deploy_id)
        return compare(self.production_reach(session, row.app), Reach.model_validate(row.reach))

    def production_reach(self, session: Session, app_path: str) -> Reach | None:
        """Return the reach of what is in production, or None."""
        newest = (
            select(DeployRow.reach)
            .join(CurrentRow, CurrentRow.release == DeployRow.release)
            .where(CurrentRow.app == app_path, CurrentRow.mode == PRODUCTION)
        )
        found = session.scalars(newest.limit(1)).one_or_none()
        return Reach.model_validate(found) if found is not None else None

    def standing_kill(self, session: Session, app_path: str) -> Kill | None:
        """Return the stop that an app is under, or None."""
        row = self._standing_kill(session, app_path)
        return _kill(row) if row is not None else None

    def chain_of(self, session: Session, release_id: str) -> Mapping[str, Any]:
        """Return the signed chain of a release as JSON: verdict, approvals and artifact."""
        row = session.get(ReleaseRow, release_id)
        if row is None:
            raise NotFoundError(f"there is no release '{release_id[:60]}'")
        return row.chain

    # -- for planes ----------------------------------------------------------------------------------------------

    def app_states(self, session: Session, plane: str) -> tuple[AppState, ...]:
        """Return what a plane should serve, with the roles and switches as they are now."""
        modes = [mode for mode, name in _PLANE_OF_MODE.items() if name == plane]
        query = (
            select(ReleaseRow)
            .join(CurrentRow, CurrentRow.release == ReleaseRow.id)
            .where(CurrentRow.mode.in_(modes))
            .order_by(ReleaseRow.app)
        )
        enabled = self._integrations.enabled(session)
        return tuple(self._app_state(session, row, enabled) for row in session.scalars(query))

    def artifact_bytes(self, session: Session, sha256: str) -> bytes:
        """Return an artefact that a release of this tenant names."""
        if session.scalar(select(ReleaseRow.id).where(ReleaseRow.artifact_sha256 == sha256).limit(1)) is None:
            raise NotFoundError("no release has this artefact")
        return self._artifacts.get(sha256)

    # -- inner steps ---------------------------------------------------------------------------------------------

    def _app_state(self, session: Session, row: ReleaseRow, enabled: Mapping[str, bool]) -> AppState:
        app = self._catalog.app(session, row.app)
        kill = self._standing_kill(session, row.app)
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
            author=row.author,
            reach=row.reach,
            artifact_sha256=row.artifact_sha256,
            verdict=Envelope.model_validate(row.chain["verdict"]),
            approvals=tuple(Envelope.model_validate(item) for item in row.chain["approvals"]),
            artifact=Envelope.model_validate(row.chain["artifact"]),
            roles=self._authorizer.holders(session, app.resource),
            integrations=tuple(
                state.model_copy(update={"enabled": enabled.get(state.resource, False)}) for state in states
            ),
        )

    def _new_deploy(
        self, session: Session, identity: Identity, app: App, reviewed: ReviewedCommit, resolved: Resolved
    ) -> DeployRow:
        earlier = select(ReleaseRow.id).where(ReleaseRow.app == app.path, ReleaseRow.mode == PRODUCTION).limit(1)
        row = DeployRow(
            id=new_id("dep"),
            app=app.path,
            commit=reviewed.commit,
            tree=reviewed.tree,
            author=reviewed.author,
            requested_by=str(identity.principal),
            requested_at=self._clock(),
            state=DeployState.REQUESTED,
            first_deploy=session.scalar(earlier) is None,
            reach=resolved.reach.model_dump(mode="json"),
            integrations=_as_json(resolved),
            decided_by="",
            decided_at=None,
            reason="",
            release="",
        )
        session.add(row)
        session.flush()
        return row

    def _may_approve(self, session: Session, identity: Identity, row: DeployRow) -> Decision:
        context: dict[str, ContextValue] = {
            "author": row.author,
            "requested_by": row.requested_by,
            "first_deploy": row.first_deploy,
        }
        return self._authorizer.decide(session, identity, "app.approve", f"app:{row.app}", context)

    def _publish(self, session: Session, identity: Identity, row: DeployRow, reason: str, decision: Decision) -> None:
        approver = str(identity.principal)
        app = self._catalog.app(session, row.app)
        verdict = self._verdicts.verdict_for(session, row.app, row.tree)
        gate: dict[str, ContextValue] = {
            "review_passed": verdict is not None,
            "approvals": frozenset({approver}),
            "author": row.author,
            "killed": self._standing_kill(session, row.app) is not None,
        }
        allowed = self._authorizer.decide(session, _RELEASER, "app.deploy", app.resource, gate)
        if verdict is None or not allowed.allowed:
            raise AppIsStoppedError(allowed.reason, deciders=allowed.deciders)
        resolved = Resolved(
            tuple(IntegrationState.model_validate(item) for item in row.integrations["states"]),
            Reach.model_validate(row.reach),
        )
        approval = self._signer.approval(
            app=row.app, tree=row.tree, reach=resolved.reach, approver=approver, reason=reason, deploy=row.id
        )
        files = self._sources.files(app, row.commit)
        row.release = self._pack(session, app, PRODUCTION, row, verdict, (approval,), resolved, files, (approver,))
        self._decide(row, identity, DeployState.RELEASED, reason)
        approved = {"deploy": row.id, "commit": row.commit, "tree": row.tree, "reach": resolved.reach.digest()}
        self._note(
            session, approver, "deploy.approved", row.app, reason=reason, context=approved, deciders=decision.deciders
        )
        self._note(session, "service:release", "release.published", row.app, release=row.release)
        self._tell(session, StateChanged())

    def _pack(
        self,
        session: Session,
        app: App,
        mode: str,
        reviewed: ReviewedCommit,
        verdict: Envelope,
        approvals: tuple[Envelope, ...],
        resolved: Resolved,
        files: Sequence[TreeFile],
        approvers: tuple[str, ...] = (),
    ) -> str:
        release = new_id("rel")
        packed = self._signer.pack(
            app=app.path,
            release=release,
            mode=mode,
            commit=reviewed.commit,
            tree=reviewed.tree,
            reach=resolved.reach,
            verdict=verdict,
            approvals=approvals,
            files=files,
        )
        chain = {
            "verdict": _envelope(verdict),
            "approvals": [_envelope(item) for item in approvals],
            "artifact": _envelope(packed.artifact),
        }
        row = ReleaseRow(
            id=release,
            app=app.path,
            mode=mode,
            commit=reviewed.commit,
            tree=reviewed.tree,
            author=reviewed.author,
            approvers=list(approvers),
            reach=resolved.reach.digest(),
            artifact_sha256=self._artifacts.put(packed.data),
            chain=chain,
            integrations=_as_json(resolved),
            created_at=self._clock(),
        )
        session.add(row)
        session.flush()
        self._make_current(session, app.path, mode, release)
        return release

    def _make_current(self, session: Session, app_path: str, mode: str, release: str) -> None:
        row = insert(CurrentRow).values(app=app_path, mode=mode, release=release)
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "mode"], set_={"release": release}))

    def _decide(self, row: DeployRow, identity: Identity, state: DeployState, reason: str) -> None:
        row.state = state
        row.decided_by = str(identity.principal)
        row.decided_at = self._clock()
        row.reason = reason

    def _deploy_row(self, session: Session, deploy_id: str, *, lock: bool = False) -> DeployRow:
        query = select(DeployRow).where(DeployRow.id == deploy_id)
        row = session.scalars(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no deploy '{deploy_id[:60]}'", hint="bailiwick approve --list shows what waits"
            )
        return row

    def _standing_kill(self, session: Session, app_path: str) -> KillRow | None:
        query = select(KillRow).where(KillRow.app == app_path, KillRow.revived_at.is_(None))
        return session.scalars(query.order_by(KillRow.time).limit(1)).one_or_none()

    def _add_kill(self, session: Session, app_path: str, because: str, by: str, evidence: str) -> KillRow:
        row = KillRow(
            id=new_id("kil"),
            app=app_path,
            because=because,
            by=by,
            time=self._clock(),
            evidence=evidence,
            revived_by="",
            revive_reason="",
            revived_at=None,
        )
        session.add(row)
        session.flush()
        return row

    def _tell(self, session: Session, change: Change) -> None:
        self._store.after_commit(session, lambda: self._notify(change))

    def _note_refusal(self, session: Session, identity: Identity, row: DeployRow, decision: Decision) -> None:
        self._note(
            session,
            str(identity.principal),
            "deploy.approval-refused",
            row.app,
            reason=decision.reason,
            context={"deploy": row.id},
            deciders=decision.deciders,
            outcome=Outcome.REFUSED,
        )

    def _note(
        self,
        session: Session,
        actor: str,
        action: str,
        app_path: str,
        *,
        release: str = "",
        reason: str = "",
        context: Mapping[str, str | bool] | None = None,
        deciders: tuple[str, ...] = (),
        outcome: Outcome = Outcome.SUCCESS,
    ) -> None:
        event = AuditEvent(
            time=self._clock(),
            actor=actor,
            action=action,
            resource=f"app:{app_path}",
            outcome=outcome,
            reason=reason,
            app=app_path,
            release=release,
            deciders=deciders,
            context=dict(context or {}),
        )
        self._audit.append(session, event)


def _manifest(files: Sequence[TreeFile]) -> Manifest:
    text = next((file.content for file in files if file.path == FILE_NAME), None)
    if text is None:
        raise InvalidInputError(f"the app has no {FILE_NAME}", hint="docs/reference/manifest.md shows one")
    return parse_manifest(text.decode(errors="replace"))


def _envelope(envelope: Envelope) -> Any:
    return json.loads(envelope.model_dump_json(by_alias=True))


def _as_json(resolved: Resolved) -> dict[str, Any]:
    return {"states": [state.model_dump(mode="json") for state in resolved.states]}


def _deploy(row: DeployRow) -> Deploy:
    return Deploy(
        id=row.id,
        app=row.app,
        commit=row.commit,
        tree=row.tree,
        author=row.author,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        state=DeployState(row.state),
        first_deploy=row.first_deploy,
        reach=Reach.model_validate(row.reach),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        release=row.release,
    )


def _release(row: ReleaseRow, current: set[str]) -> Release:
    return Release(
        id=row.id,
        app=row.app,
        mode=row.mode,
        commit=row.commit,
        tree=row.tree,
        author=row.author,
        approvers=tuple(row.approvers),
        artifact_sha256=row.artifact_sha256,
        created_at=row.created_at,
        current=row.id in current,
    )


def _kill(row: KillRow) -> Kill:
    return Kill(
        id=row.id,
        app=row.app,
        because=row.because,
        by=row.by,
        time=row.time,
        evidence=row.evidence,
        revived_by=row.revived_by,
        revive_reason=row.revive_reason,
        revived_at=row.revived_at,
    )
