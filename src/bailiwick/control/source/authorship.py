"""Who and what made what leads from one commit to another: pushes to main, and those of branches that it took in."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.source.commits import commits_of
from bailiwick.control.source.pushes import PushRecord, record_of
from bailiwick.control.source.repositories import Repositories
from bailiwick.control.source.tables import CommitRow, PushRow


def accepted_pushes(session: Session, app_path: str, branch: str = "") -> list[PushRecord]:
    """Return every push to main (or a branch) that was taken, oldest first."""
    taken = (PushRow.app == app_path, PushRow.accepted, PushRow.branch == branch)
    return [record_of(row) for row in session.scalars(select(PushRow).where(*taken).order_by(PushRow.time, PushRow.id))]


def pushes_between(
    session: Session, repositories: Repositories, app: App, commit: str, *, since: str
) -> list[PushRecord]:
    """Return the pushes that lead from one accepted commit to a later one; from the first push on without it.

    Where `since` is no earlier push to main than `commit`, all pushes up to it count. Of branches those count that
    brought a commit which main took in, or a tree that it was at: whoever merges did not write what they merge.
    """
    main = accepted_pushes(session, app.path)
    commits = [push.commit for push in main]
    end = commits.index(commit) + 1 if commit in commits else 0
    begin = commits.index(since) + 1 if since in commits[: end - 1] else 0
    counted = main[begin:end]
    beside = (PushRow.app == app.path, PushRow.accepted, PushRow.branch != "")
    aside = session.scalars(select(PushRow).where(*beside).order_by(PushRow.time, PushRow.id)).all()
    if not aside:
        return counted
    brought = repositories.between(app.id, since if begin else "", commit)
    if not end:
        counted = [push for push in main if push.commit in brought]
    query = select(CommitRow.commit, CommitRow.push).where(CommitRow.push.in_([row.id for row in aside]))
    merged = {row.push for row in session.execute(query) if row.commit in brought}
    trees = {push.tree for push in counted}
    return counted + [record_of(row) for row in aside if row.id in merged or row.tree in trees]


def makers(session: Session, pushes: list[PushRecord]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the agents and models that commits and pushes name, and the agents whose credentials they came with."""
    told = [item.told for many in commits_of(session, [one.id for one in pushes]).values() for item in many]
    agents = {item.agent for item in told} | {item.agent for item in pushes}
    agents |= {item.verified_agent for item in pushes}
    # Where several models wrote, they stand in one name, one after the other.
    named = {item.model for item in told} | {item.model for item in pushes}
    models = {part.strip() for name in named for part in name.split(",")}
    return frozenset(agents - {""}), frozenset(models - {""})


def pushers_of(session: Session, app_path: str, branch: str) -> frozenset[str]:
    """Return everyone whose push to a branch was taken."""
    taken = (PushRow.app == app_path, PushRow.accepted, PushRow.branch == branch)
    return frozenset(session.scalars(select(PushRow.pusher).where(*taken).distinct()))
