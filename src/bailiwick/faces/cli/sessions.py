"""A person's own sessions on the command line: the browsers and programs that act for them, and their end."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="The browsers and programs that act for you.", no_args_is_help=True)
_PAGE = 200


@app.command("list")
def list_sessions(as_json: Json = False) -> None:
    """List what acts for you now. Example: bailiwick session list."""
    held, cursor = [], ""
    while True:
        page = call("GET", "/sessions", params={"limit": _PAGE, "cursor": cursor})
        held += page["sessions"]
        cursor = page["cursor"]
        if not cursor:
            break
    lines = [
        f"{item['id']}  {item['name']:<28} from {item['address'] or 'unknown':<16} last used {item['last_used'][:16]}"
        for item in held
    ]
    show({"sessions": held}, "\n".join(lines) or "nothing", as_json=as_json)


@app.command()
def end(
    session_id: Annotated[str, typer.Argument(help="which one, as list shows it")] = "",
    everything: Annotated[bool, typer.Option("--all", help="everything, this command line too")] = False,
) -> None:
    """End one session, or all of them. Example: bailiwick session end fam_06f3…."""
    if everything == bool(session_id):
        fail({"title": "say which session ends, or --all", "hint": "bailiwick session list shows them"})
    call("POST", "/sessions/end-all" if everything else f"/sessions/{session_id}/end")
    typer.echo("everything that acted for you has ended" if everything else f"{session_id} has ended")
