"""Deploys and releases as they are kept, as values."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from bailiwick.control.identity import answering
from bailiwick.control.release.model import Deploy, DeployState, Release
from bailiwick.control.release.tables import DeployRow, ReleaseRow
from bailiwick.core.policy import ContextValue, Decision
from bailiwick.core.reach import Reach


def require_approver(decision: Decision) -> None:
    """Raise the refusal once the transaction that audited it is durable."""
    decision.require("ask someone else who may approve it: bailiwick who-can")


def deploy_of(row: DeployRow) -> Deploy:
    """Return a row as a deploy."""
    return Deploy(
        id=row.id,
        app=row.app,
        commit=row.commit,
        tree=row.tree,
        authors=tuple(row.authors),
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        state=DeployState(row.state),
        first_deploy=row.first_deploy,
        reach=Reach.model_validate(row.reach),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        release=row.release,
        fixes=row.fixes,
        emergency=row.emergency,
        gate=row.gate,
        decided_for=row.decided_for,
    )


def release_of(row: ReleaseRow, current: Collection[str]) -> Release:
    """Return a row as a release; `current` are the ids of those that are served."""
    return Release(
        id=row.id,
        app=row.app,
        mode=row.mode,
        commit=row.commit,
        tree=row.tree,
        authors=tuple(row.authors),
        approvers=tuple(row.approvers),
        artifact_sha256=row.artifact_sha256,
        created_at=row.created_at,
        current=row.id in current,
        branch=row.branch,
    )


def asked_facts(session: Session, row: DeployRow, authors: frozenset[str]) -> dict[str, ContextValue]:
    """Return what policy is told of a deploy that somebody wants to decide about."""
    return {
        # Whoever let an agent ask, or answers for a service that did, asked themselves.
        "authors": authors | answering(session, [row.requested_by]) - {row.requested_by},
        "requested_by": row.requested_by,
        "first_deploy": row.first_deploy,
    }
