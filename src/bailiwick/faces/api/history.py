"""History over the API: an app's revisions, and why a line is there."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query

from bailiwick.control.app import ControlPlane
from bailiwick.control.history import Blame, Revision
from bailiwick.control.source import CommitRecord
from bailiwick.core.branches import MAIN
from bailiwick.faces.api.pages import Cursor, Json, Limit

At = Annotated[str, Query(max_length=40, description="`production`, the id of a commit, or empty for the newest")]


def add_history(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add history and blame to the API. Paths of apps hold slashes, so they come last."""

    @api.get("/v1/history/{path:path}")
    def history(identity: Caller, path: str, cursor: Cursor = "", limit: Limit = 30) -> Json:
        with control.store.transaction() as session:
            page = control.history.revisions(session, identity, path, cursor=cursor, limit=limit)
        return {"revisions": [revision_json(item) for item in page.revisions], "cursor": page.cursor}

    @api.get("/v1/blame/{path:path}")
    def blame(
        identity: Caller,
        path: str,
        file: Annotated[str, Query(max_length=500)],
        line: Annotated[int, Query(ge=1)],
        at: At = "",
    ) -> Json:
        with control.store.transaction() as session:
            return blame_json(control.history.blame(session, identity, path, file, line, at=at))


def revision_json(revision: Revision) -> Json:
    """Return a revision as the API shows it."""
    push = revision.push
    return {
        "id": push.id,
        "time": push.time,
        "commit": push.commit,
        "tree": push.tree,
        "subject": push.subject,
        "accepted": push.accepted,
        "door": push.door,
        "branch": push.branch or MAIN,
        "pushed_by": push.author,
        "person": push.person,
        "verified_agent": push.verified_agent,
        "claimed": {"agent": push.agent, "model": push.model, "prompt": push.prompt},
        "commits": [commit_json(item) for item in revision.commits],
        "review": asdict(revision.review) if revision.review else None,
        "studio": asdict(revision.work) if revision.work else None,
        "approvals": [
            {
                "deploy": item.id,
                "state": item.state,
                "by": item.decided_by,
                "at": item.decided_at,
                "reason": item.reason,
            }
            for item in revision.deploys
        ],
        "releases": [
            {"id": item.id, "mode": item.mode, "at": item.created_at, "approvers": item.approvers, "runs": item.current}
            for item in revision.releases
        ],
    }


def commit_json(commit: CommitRecord) -> Json:
    """Return a commit as the API shows it: all of it is what the commit says itself."""
    return asdict(commit)


def blame_json(blame: Blame) -> Json:
    """Return why a line is there as the API shows it."""
    since = blame.in_production_since
    return {
        "app": blame.app,
        "file": blame.path,
        "at": blame.at,
        "line": blame.line.number,
        "text": blame.line.text,
        "commit": blame.line.commit,
        "line_in_commit": blame.line.was,
        "said_by_commit": commit_json(blame.commit) if blame.commit else None,
        "revision": revision_json(blame.revision) if blame.revision else None,
        "in_production_since": {"release": since.id, "at": since.created_at} if since else None,
    }
