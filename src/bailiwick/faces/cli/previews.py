"""Previews of branches on the command line: list, end, renew."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Previews of branches, beside main's.", no_args_is_help=True)
Branch = Annotated[str, typer.Argument(help="the branch, for example fix-login")]


@app.command("list")
def list_previews(app_path: str, as_json: Json = False) -> None:
    """List the previews of an app's branches. Example: bailiwick preview list finance/desk."""
    found = call("GET", f"/previews/{app_path}")
    none = f"none: bailiwick push {app_path} --branch NAME makes one"
    show(found, "\n".join(map(_line, found["previews"])) or none, as_json=as_json)


@app.command()
def end(app_path: str, branch: Branch, reason: Reason = "", as_json: Json = False) -> None:
    """End a preview before its time. Example: bailiwick preview end finance/desk fix-login."""
    done = call("POST", f"/previews/end/{app_path}", json={"branch": branch, "reason": reason})
    show(done, f"the preview of {done['branch']} has ended", as_json=as_json)


@app.command()
def renew(app_path: str, branch: Branch, as_json: Json = False) -> None:
    """Give a preview its full time again, also one that ended. Example: bailiwick preview renew finance/desk fix."""
    done = call("POST", f"/previews/renew/{app_path}", json={"branch": branch})
    show(done, f"{done['branch']} is served at {done['url']} until {done['ends_at'][:16]}", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    live = item["state"] == "live"
    state = item["status"] if live else item["state"]
    time = f"until {item['ends_at'][:16]}" if live else f"since {(item['ended_at'] or '')[:16]}: {item['reason']}"
    who = f"pushed by {item['pushed_by']} at {item['pushed_at'][:16]}"
    return f"{item['branch']:<24} {state:<9} {time}  {who}" + (f"\n    {item['url']}" if live else "")
