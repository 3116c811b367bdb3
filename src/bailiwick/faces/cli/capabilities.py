"""Capabilities of apps on the command line: open, close, list."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(
    help="What an app may do that apps may not: start programs, run made code, and so on.", no_args_is_help=True
)
Name = Annotated[
    str,
    typer.Argument(
        help="process-spawning, dynamic-code, raw-sockets, unsafe-deserialisation, native-loading or writes-outside"
    ),
]


@app.command("open")
def open_one(
    app_path: str,
    name: Name,
    until: Annotated[str, typer.Option(help="the last day, such as 2027-01-31; a year ahead at most")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Let an app do it. Example: bailiwick capability open finance/desk dynamic-code --until 2027-01-31 --reason x."""
    made = call("POST", f"/capabilities/{name}/open/{app_path}", json={"until": until, "reason": reason})
    show(
        made,
        f"{app_path} has {made['capability']} until {until}; it counts from the next push and deploy on",
        as_json=as_json,
    )


@app.command()
def close(app_path: str, name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """End it now. Example: bailiwick capability close finance/desk process-spawning --reason "uses a library now"."""
    done = call("POST", f"/capabilities/{name}/close/{app_path}", json={"reason": reason})
    show(done, f"{app_path} has {done['capability']} no more", as_json=as_json)


@app.command("list")
def list_capabilities(app_path: str, as_json: Json = False) -> None:
    """List what is and was open for an app. Example: bailiwick capability list finance/desk."""
    found = call("GET", f"/capabilities/{app_path}")
    show(found, "\n".join(map(_line, found["capabilities"])) or "none", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    state = "open " if item["open"] else "ended"
    return f"{state}  {item['capability']:<24} until {item['until'][:10]}  {item['opened_by']}: {item['reason']}"
