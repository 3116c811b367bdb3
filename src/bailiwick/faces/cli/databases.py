"""Apps' own databases on the command line: how they are, their snapshots, and the return to one or to any moment."""

import time
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Databases of apps' own.", no_args_is_help=True)
Path = Annotated[str, typer.Argument(help="the app's path, such as finance/refund-desk")]
_WAIT_SECONDS, _LOOK_SECONDS = 60.0, 0.3
_FAILED = 1


@app.command("show")
def show_databases(path: Path, as_json: Json = False) -> None:
    """Show an app's databases: the migrations in them, and what is wrong. Example: bailiwick database show hr/desk."""
    found = call("GET", f"/databases/{path}")
    show(found, "\n".join(map(_describe, found["databases"])) or "it has no database of its own", as_json=as_json)


@app.command()
def snapshots(path: Path, as_json: Json = False) -> None:
    """List the snapshots of an app's databases, newest first. Example: bailiwick database snapshots hr/desk."""
    found = call("GET", f"/databases/{path}")["databases"]
    lines = [
        f"{kept['id']}  {item['mode']:<10}  {kept['time'][:16]}  {kept['bytes']:>9} bytes  {kept['why']}"
        for item in found
        for kept in item["snapshots"]
    ]
    show({"databases": found}, "\n".join(lines) or "there is no snapshot", as_json=as_json)


@app.command()
def restore(
    path: Path,
    snapshot: Annotated[str, typer.Argument(help="a snapshot of it; or say --at")] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="a moment, such as 2026-11-29T06:00:00Z")] = "",
    mode: Annotated[str, typer.Option(help="of --at: production or preview")] = "production",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Put a database back as a snapshot holds it, or as it was at a moment. What came since is kept in a snapshot.

    Example: bailiwick database restore hr/desk snap_06f3… --reason "0007 mangled the addresses".
    """
    if bool(snapshot) is bool(at):
        raise typer.BadParameter("name a snapshot, or a moment with --at")
    where = f"/databases/restore-to/{path}" if at else f"/databases/restore/{snapshot}/{path}"
    done = call("POST", where, json={"reason": reason, **({"moment": at, "mode": mode} if at else {})})
    show(done, f"asked {done['plane']} to put {done['mode']} of {path} back to {at or snapshot}", as_json=as_json)


@app.command()
def rehearsal(deploy_id: str, as_json: Json = False) -> None:
    """Show what a deploy would do to the database, and how its rehearsal went.

    Example: bailiwick database rehearsal dep_06f3….
    """
    found = call("GET", f"/deploys/{deploy_id}")["rehearsal"]
    show(found, rehearsal_text(found) if found else "this deploy brings no migration", as_json=as_json)


def rehearsal_text(found: dict[str, Any]) -> str:
    """Return a rehearsal in lines."""
    lines = [found["words"]]
    for item in found["migrations"]:
        lines.append(f"  {item['title']:<32} {item['kind']}")
        lines += [f"    forward {words}" for words in item["destroys"]]
        lines += [f"    back    {words}" for words in item["loses"]]
        if item["up_ms"]:
            locks = ", ".join(item["locks"]) or "no lock"
            lines.append(f"    {item['up_ms']:.1f} ms forward, {item['down_ms']:.1f} ms back; {locks}")
    lines += [f"  {line}" for line in (*found["diff"], *found["breaks"])]
    return "\n".join([*lines, *(f"  note: {note}" for note in found["notes"])])


def await_database(path: str, release: str, before: str) -> None:
    """Wait until the plane has brought the app's database to a release, and end with its words when it could not.

    `before` is when it last told of it (empty: it has none, and nothing is waited for).
    """
    over = time.monotonic() + _WAIT_SECONDS
    while before and time.monotonic() < over:
        found = production(path)
        if found is not None and found["release"] == release and found["time"] > before:
            if found["fault"]:
                typer.secho(f"not done: {found['fault']}", fg="red", err=True)
                raise typer.Exit(_FAILED)
            return
        if _runs(path, release):
            return  # an earlier release may have no database of its own, and nothing is told of it then
        time.sleep(_LOOK_SECONDS)


def _runs(path: str, release: str) -> bool:
    statuses = call("GET", f"/apps/{path}")["statuses"]
    return any(
        (item["mode"], item["release"], item["status"]) == ("production", release, "running") for item in statuses
    )


def production(path: str) -> dict[str, Any] | None:
    """Return what is known of an app's database in production, or None."""
    found = call("GET", f"/databases/{path}")["databases"]
    return next((item for item in found if item["mode"] == "production"), None)


def _describe(item: dict[str, Any]) -> str:
    migrations = ", ".join(item["migrations"]) or "no migration yet"
    lines = [f"{item['mode']:<10}  {migrations}", f"{'':<12}{len(item['snapshots'])} snapshots, at {item['plane']}"]
    since = (item["any_moment_since"] or "")[:19].replace("T", " ")
    lines += [f"{'':<12}any moment since {since} UTC"] if since else []
    return "\n".join([*lines, *([f"{'':<12}{item['fault']}"] if item["fault"] else [])])
