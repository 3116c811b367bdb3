"""Tools about production: ask for a deploy, see how it stands, go back to an earlier release."""

from typing import Annotated, Any

from pydantic import Field

from bailiwick.control.release import Deploy, DeployState
from bailiwick.faces.mcp.arguments import AppPath, Id
from bailiwick.faces.mcp.tool import Answer, Arguments, Caller, Tool, in_thread
from bailiwick.faces.mcp.words import plain


class RequestArguments(Arguments):
    """What should go to production."""

    app: AppPath
    commit: Annotated[
        str, Field(pattern=r"^([0-9a-f]{40})?$", description="a commit that was taken; empty for the newest")
    ] = ""


class StatusArguments(Arguments):
    """Which app."""

    app: AppPath


class RollbackArguments(Arguments):
    """Which app, and to which release."""

    app: AppPath
    release: Annotated[Id, Field(min_length=1, description="an earlier production release, from deploy_status")]


def _request(caller: Caller[RequestArguments]) -> Answer:
    control, asked = caller.control, caller.arguments
    deploy = control.deploys.request(caller.identity, asked.app, asked.commit)
    if deploy.state is DeployState.RELEASED:
        text = f"{deploy.id}: released as {deploy.release}: {deploy.reason}\nnext: deploy_status shows when it runs"
        return Answer(text, _deploy(deploy))
    with control.store.transaction() as session:
        change = control.deploys.reach_change(session, deploy.id)
        standing = control.deploys.standing(session, caller.identity, deploy.id)
    waits = standing.waits if standing is not None else ""
    needs = standing.weighed.demand.words if standing is not None else "a decision"
    whom = "an administrator: it is the app's first" if deploy.first_deploy else f"{needs}, who wrote none of it"
    lines = [f"asked for {deploy.id}: {deploy.app} at {deploy.commit[:12]} waits for {whom}"]
    lines += [f"  {plain(waits)}"] if waits else []
    lines += [f"  newly in reach: {plain(line)}" for line in change.added]
    url = f"{control.settings.public_url}/approvals"
    lines.append(f"next: tell the person that it waits at {url}; deploy_status says when it is decided")
    return Answer("\n".join(lines), {**_deploy(deploy), "reach_added": list(change.added), "approvals_url": url})


def _status(caller: Caller[StatusArguments]) -> Answer:
    control = caller.control
    with control.store.transaction() as session:
        app = control.catalog.readable_app(session, caller.identity, caller.arguments.app)
        deploys = control.deploys.deploys(session, app.path, limit=5)
        releases = control.releases.releases(session, app.path)
        statuses = control.observe.statuses(session, app.path)
        stops = control.stops.standing(session, app.path)
    lines = [f"stopped: {plain(stop.words)}; a person must bring it back" for stop in stops]
    lines += [f"{it.plane}: {it.status} {it.release} {plain(it.words)}".rstrip() for it in statuses]
    lines += [_deploy_line(deploy) for deploy in deploys]
    lines += [f"release {it.id} {it.mode} {it.commit[:12]}{', serves now' if it.current else ''}" for it in releases]
    data = {
        "app": app.path,
        "stopped": [{"mode": stop.mode or "all", "because": stop.because} for stop in stops],
        "running": [
            {"plane": it.plane, "release": it.release, "status": it.status, "words": it.words} for it in statuses
        ],
        "deploys": [_deploy(deploy) for deploy in deploys],
        "releases": [{"id": it.id, "mode": it.mode, "commit": it.commit, "serves": it.current} for it in releases],
    }
    return Answer("\n".join(lines) or "nothing was deployed yet", data)


def _rollback(caller: Caller[RollbackArguments]) -> Answer:
    asked = caller.arguments
    release = caller.control.rollbacks.roll_back(caller.identity, asked.app, asked.release)
    text = f"{release.app} serves {release.id} ({release.commit[:12]}) again\nnext: deploy_status shows when it runs"
    return Answer(text, {"app": release.app, "release": release.id, "commit": release.commit})


def _deploy(deploy: Deploy) -> dict[str, Any]:
    return {
        "deploy": deploy.id,
        "app": deploy.app,
        "commit": deploy.commit,
        "state": deploy.state.value,
        "first_deploy": deploy.first_deploy,
        "requested_by": deploy.requested_by,
        "decided_by": deploy.decided_by,
        "reason": deploy.reason,
        "release": deploy.release,
    }


def _deploy_line(deploy: Deploy) -> str:
    decided = f" by {deploy.decided_by}: {plain(deploy.reason)}" if deploy.decided_by else ""
    return f"deploy {deploy.id} of {deploy.commit[:12]}: {deploy.state}{decided}"


REQUEST_APPROVAL = Tool(
    "request_approval",
    "Ask for a deploy",
    "Ask that a commit that was taken goes to production. Somebody else decides: neither you nor the person you work "
    "for can approve it.",
    RequestArguments,
    in_thread(_request),
    reads=False,
)
DEPLOY_STATUS = Tool(
    "deploy_status",
    "How an app stands",
    "Return how an app stands: what runs where, which deploys wait or were decided and why, which releases there are.",
    StatusArguments,
    in_thread(_status),
)
ROLLBACK = Tool(
    "rollback",
    "Go back to a release",
    "Serve an earlier production release of an app again, one that was approved before.",
    RollbackArguments,
    in_thread(_rollback),
    reads=False,
    destroys=True,
)
