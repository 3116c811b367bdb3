"""The audit log on the command line: search, follow, keep searches, and export."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx2
import typer

from bailiwick.faces.cli import audit_proofs, holds
from bailiwick.faces.cli.client import call, fail, server_url, show, signed
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Search, export and verify the audit log.", no_args_is_help=True)
app.add_typer(holds.app, name="hold")
app.command()(holds.retention)
Terms = Annotated[
    list[str] | None,
    typer.Argument(
        help="name=value: actor, action, resource, app, outcome, trace, text, since, until, plane, client …"
    ),
]
_AGAIN_SECONDS = 1.0
_SILENCE_SECONDS = 60.0  # longer than the server is ever silent


@app.command()
def search(
    terms: Terms = None,
    app_path: Annotated[str, typer.Option("--app", help="folder and name of an app")] = "",
    actor: Annotated[str, typer.Option(help="for example user:alice@example.com")] = "",
    action: Annotated[str, typer.Option(help="for example query.executed")] = "",
    trace: Annotated[str, typer.Option(help="a trace id")] = "",
    text: Annotated[str, typer.Option(help="any text")] = "",
    saved: Annotated[str, typer.Option(help="the name of a search that is kept")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: Json = False,
) -> None:
    """Find events, newest first. Example: bailiwick audit search 'action=app.*' outcome=refused since=7d."""
    named = {"app": app_path, "actor": actor, "action": action, "trace": trace, "text": text}
    asked = [*_kept(saved), *(terms or []), *(f"{name}={value}" for name, value in named.items() if value)]
    found = call("GET", "/audit", params={"q": asked, "limit": limit})
    words = "\n".join(_line(event) for event in found["events"]) or "nothing found"
    if found["cursor"]:
        words += "\n(more lie before these: narrow the search, or ask for more with --limit)"
    show(found, words, as_json=as_json)


@app.command()
def tail(terms: Terms = None, as_json: Json = False) -> None:
    """Show events as they happen, until Ctrl-C. Example: bailiwick audit tail outcome=refused."""
    last = ""
    while True:
        try:
            for place, event in _followed(terms or [], last):
                last = place
                sys.stdout.write((json.dumps(event) if as_json else _line(event)) + "\n")
                sys.stdout.flush()
        except httpx2.HTTPError:
            typer.echo("the connection was lost; trying again", err=True)
        time.sleep(_AGAIN_SECONDS)


def _followed(terms: list[str], last: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield events with their ids until the stream ends; end the program when it is refused."""
    headers = signed() | ({"Last-Event-ID": last} if last else {})
    address = f"{server_url()}/api/v1/audit/tail"
    with httpx2.stream("GET", address, params={"q": terms}, headers=headers, timeout=_SILENCE_SECONDS) as answer:
        if answer.is_error:
            answer.read()
            fail(answer.json())
        kind = place = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                place = value
            elif name == "data" and kind == "refused":
                fail(json.loads(value))
            elif name == "data":
                yield place, json.loads(value)


@app.command()
def searches(as_json: Json = False) -> None:
    """List the searches that you keep and those that others share."""
    found = call("GET", "/audit/searches")
    lines = [
        f"{item['name']}: {' '.join(item['terms'])}  ({'shared by ' if item['shared'] else ''}{item['owner']})"
        for item in found["searches"]
    ]
    show(found, "\n".join(lines) or "none is kept", as_json=as_json)


@app.command()
def save(
    name: str,
    terms: Annotated[list[str], typer.Argument(help="what to look for, as for audit search")],
    shared: Annotated[bool, typer.Option("--shared", help="for everybody who reads the log")] = False,
) -> None:
    """Keep a search under a name. Example: bailiwick audit save "Refused this week" outcome=refused since=7d."""
    call("PUT", f"/audit/searches/{quote(name, safe='')}", json={"terms": terms, "shared": shared})
    typer.echo(f"kept: bailiwick audit search --saved '{name}'")


@app.command()
def forget(name: str) -> None:
    """Remove one of your searches."""
    call("DELETE", f"/audit/searches/{quote(name, safe='')}")
    typer.echo(f"removed {name}")


def _kept(name: str) -> list[str]:
    """Return the terms of a search that is kept; one's own goes before another's of the same name."""
    if not name:
        return []
    found = [item for item in call("GET", "/audit/searches")["searches"] if item["name"] == name]
    if not found:
        fail({"title": f"no search '{name}' is kept", "hint": "bailiwick audit searches lists them"})
    return list(min(found, key=lambda item: bool(item["shared"]))["terms"])


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
    with httpx2.stream("GET", f"{server_url()}/api/v1/audit/export", headers=signed(), timeout=300) as answer:
        if answer.is_error:
            answer.read()
            fail(answer.json())
        with out.open("wb") as target:
            for piece in answer.iter_bytes():
                target.write(piece)
    typer.echo(f"wrote {out}")


audit_proofs.register(app)
