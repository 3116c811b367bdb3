"""Apps on the command line: make, list, show, push, roll back."""

import os
import pathlib
import subprocess
import sys
from typing import Annotated, Any

import typer

from bailiwick.core.branches import ref_of
from bailiwick.core.reach_words import size_words
from bailiwick.faces.cli.client import call, fail, server_url, show, token
from bailiwick.faces.cli.credentials import GIT, PUSH_SECONDS
from bailiwick.faces.cli.databases import await_database, production
from bailiwick.faces.cli.day_use import day_use_of
from bailiwick.faces.cli.options import Json, Reason
from bailiwick.faces.cli.pushing import push_folder
from bailiwick.faces.cli.sbom import sbom
from bailiwick.faces.cli.telling import git_headers, headers_of

File = pathlib.Path
Path = Annotated[str, typer.Argument(help="folder and name, for example finance/refund-desk")]

app = typer.Typer(help="Make and look at apps.", no_args_is_help=True)
owner = typer.Typer(help="Who answers for an app.", no_args_is_help=True)
app.add_typer(owner, name="owner")


@app.command()
def create(path: Path, as_json: Json = False) -> None:
    """Make an app. Example: bailiwick app create finance/refund-desk."""
    made = call("POST", "/apps", json={"path": path})
    show(made, f"made {made['path']}\npush to it: bailiwick push {made['path']}", as_json=as_json)


@app.command("create-folder")
def create_folder(path: Path, as_json: Json = False) -> None:
    """Make a folder. Example: bailiwick app create-folder finance."""
    made = call("POST", "/folders", json={"path": path})
    show(made, f"made the folder {made['path']}", as_json=as_json)


@app.command("list")
def list_apps(
    ownerless: Annotated[bool, typer.Option("--ownerless", help="only what people left behind who are gone")] = False,
    as_json: Json = False,
) -> None:
    """List the apps that you may see. Example: bailiwick app list --ownerless."""
    if ownerless:
        _list_ownerless(as_json=as_json)
        return
    found = call("GET", "/apps")
    show(found, "\n".join(f"{item['path']:<40} {item['url']}" for item in found["apps"]) or "none yet", as_json=as_json)


def _all_pages(path: str, name: str, **params: str) -> list[dict[str, Any]]:
    """Return what a list holds in all of its pages."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = call("GET", path, params={**params, "cursor": cursor})
        found += page[name]
        cursor = page["cursor"]
        if not cursor:
            return found


def _list_ownerless(*, as_json: bool) -> None:
    """List apps and waiting deploys whose people the directory switched off: somebody else must look after them."""
    apps = _all_pages("/apps", "apps", ownerless="true")
    deploys = [item for item in _all_pages("/deploys", "deploys") if item["ownerless"]]
    lines = [f"app     {item['path']:<40} of {item['owner']}" for item in apps]
    lines += [f"        bailiwick app owner give {item['path']} PERSON" for item in apps[:1]]
    lines += [f"deploy  {item['id']:<40} {item['app']}, asked by {item['requested_by']}" for item in deploys]
    show({"apps": apps, "deploys": deploys}, "\n".join(lines) or "everything has somebody", as_json=as_json)


@owner.command("give")
def give_owner(
    path: Path, person: Annotated[str, typer.Argument(help="an e-mail address")], as_json: Json = False
) -> None:
    """Give an app to a new owner. Example: bailiwick app owner give finance/refund-desk ada@example.com."""
    done = call("POST", f"/app-owner/{path}", json={"person": person})
    show(done, f"{done['path']}: {done['owner']} answers for it", as_json=as_json)


@app.command("show")
def show_app(path: Path, as_json: Json = False) -> None:
    """Show an app: how it is doing, its releases and deploys."""
    found = call("GET", f"/apps/{path}")
    show(found, _describe(found), as_json=as_json)


def _describe(found: dict[str, Any]) -> str:
    lines = [found["path"]]
    for stop in found["held_by"]:
        wider = "" if stop["app"] else f" ({stop['covers']})"
        lines.append(f"  stopped by {stop['by']}{wider}: {stop['because']}")
    lines += [f"  {item['mode']:<11}{item['status']:<10}{item['words'][:200]}" for item in found["statuses"]]
    lines += [
        f"  {item['mode']:<11}{item['id']}  {item['commit'][:10]}" for item in found["releases"] if item["current"]
    ]
    lines += [f"  deploy     {item['id']}  {item['state']}" for item in found["deploys"]]
    lines += [_storage_line(item) for item in found["storage"]]
    lines += day_use_of(found)
    lines += [_sandbox_line(item) for item in found["sandboxes"]]
    lines += [_wall_line(item) for item in found["walls"]]
    return "\n".join(lines)


@app.command("egress")
def show_egress(
    path: Path,
    hours: Annotated[int, typer.Option(help="how far to look back", min=1, max=2160)] = 24,
    as_json: Json = False,
) -> None:
    """Show the hosts that an app called and what was refused. Example: bailiwick app egress finance/refund-desk."""
    found = call("GET", f"/egress/{path}", params={"hours": hours})
    lines = [line for item in found["hosts"] for line in _host_lines(item)]
    show(found, "\n".join(lines) or f"nothing went out in the last {hours} hours", as_json=as_json)


def _host_lines(item: dict[str, Any]) -> list[str]:
    passed = f"{item['connections']} connections, {item['sent_words']} out, {item['received_words']} in"
    lines = [f"{item['mode']:<11}{item['address']:<40} {passed if item['protocol'] else 'not declared'}"]
    if item["refused"]:
        lines.append(f"           refused {item['refused']} times, last: {item['reason']}")
        lines.append(f"           {item['advice']}")
    return lines


def _storage_line(item: dict[str, Any]) -> str:
    """Return how full the storage of an app is."""
    where = f"{item['mode']}{' of ' + item['branch'] if item['branch'] else ''}"
    used, size = size_words(item["used_bytes"]), size_words(item["size_bytes"])
    return f"  {where:<11}storage   {used} of {size}, {item['files']} of {item['most_files']} files"


def _sandbox_line(item: dict[str, Any]) -> str:
    """Return what came of attacking the sandboxes that an app runs in."""
    tried = f" ({item['level'] or 'no sandbox'} on {item['kernel']}, {item['time'][:16]})" if "time" in item else ""
    return f"  {item['mode']:<11}sandbox   {item['words']}{tried}"


def _wall_line(item: dict[str, Any]) -> str:
    """Return a limit that was reached, or a system call that was refused, with how often and since when."""
    what = "limit" if item["wall"] == "limit" else "refused"
    where = f"{item['mode']}{' of ' + item['branch'] if item['branch'] else ''}"
    often = f"{item['count']} times since {item['first'][:16]}" if item["count"] > 1 else item["last"][:16]
    return f"  {where:<11}{what:<10}{item['words']} ({often})"


def push(
    path: Path,
    agent: Annotated[str, typer.Option(help="the coding agent that made it, for its history")] = "",
    model: Annotated[str, typer.Option(help="the model that the agent used")] = "",
    prompt: Annotated[
        list[File] | None, typer.Option(help="a file with what the agent was asked; may come again")
    ] = None,
    folder: Annotated[
        File | None, typer.Option(help="push the files of this folder as they stand, without git")
    ] = None,
    message: Annotated[str, typer.Option("--message", "-m", help="what changed; with --folder")] = "",
    branch: Annotated[str, typer.Option(help="to this branch, which has a preview of its own, and not to main")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="rewrite the branch, as after a rebase; with --branch")
    ] = False,
) -> None:
    """Push the current commit of this folder's repository, or (--folder) files as they stand, without git.

    Example: bailiwick push finance/refund-desk.
    """
    told = headers_of(agent, model, [file.read_text(errors="replace") for file in prompt or []])
    if force and not branch:
        fail({"title": "main is never rewritten", "hint": "name the branch that is: --branch NAME --force"})
    if folder is not None:
        push_folder(path, folder, message, told, branch)
        return
    password = token(GIT, least_seconds=PUSH_SECONDS)
    # The token reaches git through its environment: not the command line, not a file, not the URL.
    helper = '!f() { echo username=bailiwick; echo "password=$BAILIWICK_TOKEN"; }; f'
    command = ["git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", "push"]
    forced = "+" if force and branch else ""
    command += [f"{server_url()}/git/{path}.git", f"{forced}HEAD:{ref_of(branch)}"]
    secret = {"BAILIWICK_TOKEN": password, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(command, env={**os.environ, **git_headers(server_url(), told), **secret}, check=False)
    sys.exit(done.returncode)


def rollback(
    path: Path,
    release: Annotated[str, typer.Argument(help="an earlier production release; none lists those that there are")] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="although it does not pass the review now")] = False,
    fixes: Annotated[str, typer.Option(help="the freeze that it is the fix of; with --emergency")] = "",
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="give up what the app's own database loses by it")
    ] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Serve an earlier production release again. Example: bailiwick rollback finance/refund-desk rel_06f3….

    Where its own database would lose data by that it stays as it is, and what would be lost is said.
    """
    if not release:
        found = call("GET", f"/rollback/{path}")
        show(found, "\n".join(map(_fallback, found["releases"])) or "there is no earlier release", as_json=as_json)
        return
    before = production(path)
    asked = {"emergency": emergency, "fixes": fixes, "reason": reason, "accept_loss": accept_loss}
    done = call("POST", f"/rollback/{release}/{path}", json=asked)
    await_database(path, release, before["time"] if before is not None else "")
    show(done, f"{done['app']} serves {done['id']} again", as_json=as_json)


def _fallback(item: dict[str, Any]) -> str:
    state = f"not now: {item['why_not']}" if item["why_not"] else "may be served again"
    return f"{item['id']}  {item['created_at'][:16]}  {item['commit'][:12]}  {state}"


def who_can(action: str, resource: str, as_json: Json = False) -> None:
    """Say who may do something and why. Example: bailiwick who-can app.kill app:finance/refund-desk."""
    found = call("GET", "/who-can", params={"action": action, "resource": resource})
    lines = [f"{item['holder']:<36} {', '.join(item['deciders'])}: {item['reason']}" for item in found["who"]]
    show(found, "\n".join(lines) or "nobody", as_json=as_json)


def what_can(
    principal: str,
    kind: Annotated[str, typer.Option(help="app, folder, integration or organization")] = "app",
    action: Annotated[str, typer.Option(help="this action only")] = "",
    as_json: Json = False,
) -> None:
    """Say what somebody may do and why. Example: bailiwick what-can user:ada@example.com --kind folder."""
    asked = {"principal": principal, "kind": kind, "action": action, "limit": 200}
    found = call("GET", "/what-can", params=asked)
    lines = [f"{item['resource']:<36} {item['action']:<20} {', '.join(item['deciders'])}" for item in found["what"]]
    if found["cursor"]:
        lines.append(f"and more after {found['cursor']}: --json with the API's cursor shows them all")
    show(found, "\n".join(lines) or "nothing", as_json=as_json)


app.command("sbom")(sbom)
