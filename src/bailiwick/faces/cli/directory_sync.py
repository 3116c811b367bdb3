"""Directories on the command line: how they stand, and reading one over LDAP now."""

import time
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json

Name = Annotated[str, typer.Argument(help="the directory's name, for example corp")]
_LOOK_SECONDS = 0.5
_UNFINISHED = frozenset({"asked", "running"})


def list_directories(as_json: Json = False) -> None:
    """List directories: SCIM ones and those that are read over LDAP. Example: bailiwick directory list."""
    found = call("GET", "/directories")
    lines = [
        f"{item['name']:<20}{item['protocol']:<6}{item['active']:>7} of {item['people']} people"
        f"{item['groups']:>7} groups{len(item['problems']):>5} problems  {_last(item)}"
        for item in found["directories"]
    ]
    show(found, "\n".join(lines) or "none yet", as_json=as_json)


def show_directory(name: Name, as_json: Json = False) -> None:
    """Show a directory: its people, problems and last readings. Example: bailiwick directory show corp."""
    found = call("GET", f"/directories/{name}")
    lines = [
        f"{found['name']} ({found['protocol']}): {found['active']} of {found['people']} people may sign in, "
        f"{found['groups']} groups",
        *(f"  problem  {item['subject']}: {item['words']}" for item in found["problems"]),
        *(f"  {run['asked'][:19]}  {run['state']:<8}{_summary(run)}" for run in found["runs"]),
    ]
    show(found, "\n".join(lines), as_json=as_json)


def sync(
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="switch off as many as the last one stopped at")] = False,
    as_json: Json = False,
) -> None:
    """Read a directory now, and wait for it. Example: bailiwick directory sync corp --dry-run."""
    run = call("POST", f"/directories/{name}/sync", json={"dry_run": dry_run, "accept": accept})
    said = ""
    while run["state"] in _UNFINISHED:
        time.sleep(_LOOK_SECONDS)
        run = call("GET", f"/directories/{name}/runs/{run['id']}")
        said = _progress(run, said)
    if run["state"] in {"failed", "held"} and not as_json:
        fail({"title": run["words"]})
    show(run, "\n".join([_summary(run), *(f"  {step}" for step in _steps(run))]), as_json=as_json)
    if run["state"] in {"failed", "held"}:
        raise typer.Exit(1)


def _progress(run: dict[str, Any], said: str) -> str:
    """Say how far a reading is when that is something new; return what was said."""
    of = f" of {run['total']}" if run["total"] else ""
    words = f"{run['stage'] or 'waiting'} {run['done']}{of}"
    if words != said and run["state"] in _UNFINISHED:
        typer.echo(words, err=True)
    return words


def _steps(run: dict[str, Any]) -> list[str]:
    if not run["dry_run"]:
        return []
    steps = list(run["counts"].get("steps", []))
    changes = sum(run["counts"].get(key, 0) for key in ("added", "changed", "removed"))
    return [*steps, f"and {changes - len(steps)} more"] if changes > len(steps) else steps


def _summary(run: dict[str, Any]) -> str:
    counts = run["counts"]
    if not counts:
        return str(run["words"] or run["state"])
    parts = [
        f"{counts['people']} people and {counts['groups']} groups read",
        f"{counts['added']} added, {counts['changed']} changed, {counts['removed']} removed",
        f"{counts['switched_off']} switched off",
        f"{counts['problems']} problems",
    ]
    left = [f"{counts[key]} {words}" for key, words in _LEFT_OUT if counts.get(key)]
    return "; ".join([*parts, *left, *filter(None, [run["words"]])])


_LEFT_OUT = (
    ("without_address", "without an e-mail address"),
    ("members_outside", "memberships of what is not read"),
    ("referrals", "referrals not followed"),
)


def _last(item: dict[str, Any]) -> str:
    if item["protocol"] == "scim":
        return f"changed {item['changed'][:19]}" if item["changed"] else "nothing said yet"
    last = next((run for run in item["runs"] if run["state"] not in _UNFINISHED and not run["dry_run"]), None)
    return f"{last['state']} {last['finished'][:19]}" if last else "never read"


def register(app: typer.Typer) -> None:
    """Add these verbs to those of directories."""
    app.command("list")(list_directories)
    app.command("show")(show_directory)
    app.command("sync")(sync)
