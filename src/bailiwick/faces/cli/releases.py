"""Releases on the command line: which of those that run would not pass the review today."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, show

app = typer.Typer(help="Releases: what runs.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the verb's name even while there is one only."""


@app.command()
def unsafe(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """List running releases that became unsafe, with who must act by when. Example: bailiwick release unsafe."""
    found = call("GET", "/unsafe-releases")
    lines = [
        f"{item['severity']:<8} {item['app']:<28} {item['mode']:<10} {item['because']}; since {item['since'][:10]}, "
        f"{item['owner']} must act by {item['due'][:10]}"
        for item in found["releases"]
    ]
    waiting = found["being_reviewed_again"]["waiting"]
    lines = lines or ["no running release is known to be unsafe"]
    if waiting:
        lines.append(f"{waiting} more {'tree waits' if waiting == 1 else 'trees wait'} to be reviewed again")
    show(found, "\n".join(lines), as_json=as_json)
