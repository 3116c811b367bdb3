"""Tools about apps: find one, make one, and read what was done to it."""

from typing import Annotated, Any

from pydantic import Field

from bailiwick.control.app import ControlPlane
from bailiwick.control.catalog import App
from bailiwick.control.history import Revision
from bailiwick.faces.mcp.arguments import AppPath, Cursor, Line
from bailiwick.faces.mcp.tool import Answer, Arguments, Caller, Tool, in_thread
from bailiwick.faces.mcp.words import plain

_PAGE = 100
# Each app is a question to policy: a search that finds little ends here, and says where it can go on.
_MOST_PAGES = 20


class FindArguments(Arguments):
    """What to look for."""

    words: Annotated[Line, Field(description="part of the app's path; empty for every app")] = ""
    cursor: Cursor = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class CreateArguments(Arguments):
    """Which app."""

    app: AppPath


class HistoryArguments(Arguments):
    """Which app, and how far back."""

    app: AppPath
    cursor: Cursor = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 10


def _find(caller: Caller[FindArguments]) -> Answer:
    control, asked = caller.control, caller.arguments
    found: list[App] = []
    cursor = asked.cursor
    with control.store.transaction() as session:
        for _ in range(_MOST_PAGES):
            page = control.catalog.list_apps(session, caller.identity, cursor=cursor, limit=_PAGE)
            found += [app for app in page.apps if asked.words.lower() in app.path]
            cursor = page.cursor
            if not cursor or len(found) > asked.limit:
                break
        shown = found[: asked.limit]
        further = shown[-1].path if len(found) > asked.limit else cursor
        apps = [_described(control, app, _head(control, session, app)) for app in shown]
    lines = [f"{item['app']}  main {item['commit'][:12] or 'is empty'}  {item['git_url']}" for item in apps]
    if further:
        lines.append(f"there are more: call again with cursor {further}")
    if not apps:
        lines.append("no app that you may see fits; create_app makes one")
    return Answer("\n".join(lines), {"apps": apps, "cursor": further})


def _create(caller: Caller[CreateArguments]) -> Answer:
    app = caller.control.catalog.create_app(caller.identity, caller.arguments.app)
    said = _described(caller.control, app, "")
    text = f"{app.path} is made and empty.\nnext: house_rules for {app.folder}, then submit_change with all its files"
    return Answer(text, said)


def _history(caller: Caller[HistoryArguments]) -> Answer:
    asked = caller.arguments
    with caller.control.store.transaction() as session:
        page = caller.control.history.revisions(
            session, caller.identity, asked.app, cursor=asked.cursor, limit=asked.limit
        )
    revisions = [_revision(item) for item in page.revisions]
    lines = [_revision_line(item) for item in revisions] or ["nothing was pushed yet"]
    if page.cursor:
        lines.append(f"there is more: call again with cursor {page.cursor}")
    return Answer("\n".join(lines), {"app": asked.app, "revisions": revisions, "cursor": page.cursor})


def _head(control: ControlPlane, session: Any, app: App) -> str:
    head = control.source.head(session, app)
    return head.commit if head is not None else ""


def _described(control: ControlPlane, app: App, commit: str) -> dict[str, Any]:
    git_url = f"{control.settings.public_url}/git/{app.path}.git"
    return {"app": app.path, "commit": commit, "owner": app.owner, "git_url": git_url}


def _revision(item: Revision) -> dict[str, Any]:
    push, review = item.push, item.review
    return {
        "push": push.id,
        "time": push.time.isoformat(),
        "commit": push.commit,
        "subject": push.subject,
        "accepted": push.accepted,
        "review": push.review,
        "findings": review.findings if review is not None else 0,
        "door": push.door,
        "pushed_by": push.author,
        "person": push.person,
        "verified_agent": push.verified_agent,
        "claimed": {"agent": push.agent, "model": push.model, "prompt": push.prompt},
        "approved_by": [deploy.decided_by for deploy in item.deploys if deploy.release],
        "releases": [{"id": it.id, "mode": it.mode, "runs": it.current} for it in item.releases],
    }


def _revision_line(item: dict[str, Any]) -> str:
    state = "taken" if item["accepted"] else f"refused, findings of {item['review']}"
    return f"{item['time'][:16]} {item['commit'][:12]} {state}, by {item['pushed_by']}: {plain(item['subject'])}"


FIND_APPS = Tool(
    "find_apps",
    "Find apps",
    "List the apps that you may see, with the commit that each is at. Start here: submit_change needs that commit.",
    FindArguments,
    in_thread(_find),
)
CREATE_APP = Tool(
    "create_app",
    "Make an app",
    "Make an empty app in a folder. It needs a role there; nothing runs until a change was taken.",
    CreateArguments,
    in_thread(_create),
    reads=False,
)
HISTORY = Tool(
    "history",
    "History of an app",
    "List what was pushed to an app, newest first: who, which agent, model and prompt, what the review said of it, who "
    "approved it and where it runs.",
    HistoryArguments,
    in_thread(_history),
)
