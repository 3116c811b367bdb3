"""The audit log on the command line: search, export, verify."""

from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer

from bailiwick.faces.cli import holds
from bailiwick.faces.cli.client import call, fail, server_url, show, token

app = typer.Typer(help="Search, export and verify the audit log.", no_args_is_help=True)
app.add_typer(holds.app, name="hold")
app.command()(holds.retention)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
def search(
    app_path: Annotated[str, typer.Option("--app", help="folder and name of an app")] = "",
    actor: Annotated[str, typer.Option(help="for example user:alice@example.com")] = "",
    action: Annotated[str, typer.Option(help="for example query.executed")] = "",
    trace: Annotated[str, typer.Option(help="a trace id")] = "",
    text: Annotated[str, typer.Option(help="any text")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: Json = False,
) -> None:
    """Find events, newest first. Example: bailiwick audit search --app finance/refund-desk."""
    asked = {"app": app_path, "actor": actor, "action": action, "trace": trace, "text": text, "limit": limit}
    found = call("GET", "/audit", params=asked)
    show(found, "\n".join(_line(event) for event in found["events"]) or "nothing found", as_json=as_json)


def _line(event: dict[str, Any]) -> str:
    """Return who, through what, did what to what, and how it ended."""
    # With a trace, somebody's request to the app did it; without, they did it to the app, or the app by itself.
    through = [f"through app:{event['app']}"] if event["trace"] else []
    through += [f"release {event['release']}"] if event["release"] else []
    through += [f"trace {event['trace']}"] if event["trace"] else []
    ending = (
        ""
        if event["outcome"] == "success"
        else "  " + ": ".join(filter(None, (event["outcome"].upper(), event["reason"])))
    )
    who = " ".join([event["actor"], *through])
    return f"{event['time'][:19]}  {who}  {event['action']} {event['resource']}{ending}"


@app.command()
def export(out: Annotated[Path, typer.Option(help="where to write it")]) -> None:
    """Write the whole log with its checkpoints into a file. Example: bailiwick audit export --out audit.ndjson."""
    headers = {"Authorization": f"Bearer {token()}"}
    with httpx2.stream("GET", f"{server_url()}/api/v1/audit/export", headers=headers, timeout=300) as answer:
        if answer.is_error:
            answer.read()
            fail(answer.json())
        with out.open("wb") as target:
            for piece in answer.iter_bytes():
                target.write(piece)
    typer.echo(f"wrote {out}")


@app.command()
def verify(
    export_file: Annotated[Path, typer.Option("--export", help="a file that audit export wrote")],
    key: Annotated[str, typer.Option(help="the installation's public audit key, in base64")] = "",
    as_json: Json = False,
) -> None:
    """Check an export offline: every event, the order, every signature. Exit code 0 when it is intact."""
    from bailiwick.control.audit import verify_export  # noqa: PLC0415 - loads the database's libraries
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415

    try:
        with export_file.open("rb") as lines:
            result = verify_export(lines, key)
    except (BailiwickError, OSError) as fault:
        fail({"title": str(fault), "hint": getattr(fault, "hint", "")})
    value = {"intact": result.intact, "events": result.events, "checkpoints": result.checkpoints,
             "expired": result.expired,
             "problem": result.problem, "place": result.place, "key": result.key_id}  # fmt: skip
    good = f"intact: {result.events} events, {result.checkpoints} checkpoints, signed by {result.key_id}"
    if result.expired:
        has = "has" if result.expired == 1 else "have"
        good += f"\n{result.expired} of the events {has} no content any more: the log says that retention had ended"
    if result.intact and not key:
        good += "\nthe key came from the export itself: compare it with the published one, or give --key"
    show(value, good if result.intact else f"NOT INTACT: {result.problem}", as_json=as_json)
    raise typer.Exit(0 if result.intact else 1)
