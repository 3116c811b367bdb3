"""A person's own connections on the command line: where apps act in their name at other services."""

from typing import Annotated
from urllib.parse import quote

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Your accounts at other services that apps act with in your name.", no_args_is_help=True)


@app.command("list")
def list_connections(as_json: Json = False) -> None:
    """List where an account of yours is connected or can be. Connecting itself is done in the console."""
    found = call("GET", "/connections")
    lines = [
        f"{item['integration']:<20} {item['plane']:<12} {item['state']:<10} "
        f"{item['account'] or '-'}  {', '.join(item['scopes'])}{_why(item['lapsed_because'])}"
        for item in found["connections"]
    ]
    if any(item["state"] != "connected" for item in found["connections"]):
        lines.append(f"connect at {found['connect_at']}")
    show(found, "\n".join(lines) or "no app that you may use acts in your name elsewhere", as_json=as_json)


@app.command()
def end(
    integration: str,
    plane: Annotated[
        str, typer.Option("--plane", help="editor, production, or another; left out where it is connected on one only")
    ] = "",
) -> None:
    """Disconnect an account of yours, with all that apps hold of it. Example: bailiwick connection end crm."""
    plane = plane or _only_plane(integration)
    done = call("POST", f"/connections/{quote(integration, safe='')}/{quote(plane, safe='')}/end")
    typer.echo(f"{done['integration']} on {done['plane']}: disconnected")


def _only_plane(integration: str) -> str:
    """Return the plane on which an account is connected; end with what there is where that is not one."""
    found = [
        item["plane"]
        for item in call("GET", "/connections")["connections"]
        if item["integration"] == integration and item["state"] != "open"
    ]
    if len(found) != 1:
        where = f"{', '.join(found)}: say which with --plane" if found else "bailiwick connection list"
        words = "more than one account is connected" if found else "no account is connected"
        fail({"title": f"{words} for {integration!r}", "hint": where})
    return str(found[0])


def _why(reason: str) -> str:
    return f"  ({reason})" if reason else ""
