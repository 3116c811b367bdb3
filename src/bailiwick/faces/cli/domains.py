"""`bailiwick domain`: host names of your own under which apps answer in production."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Domains: host names of your own for apps in production.", no_args_is_help=True)
App = Annotated[str, typer.Argument(metavar="APP", help="the app, as folder/name")]
Host = Annotated[str, typer.Argument(metavar="HOST", help="the host name in full")]


@app.command("list")
def list_domains(app_path: App, as_json: Json = False) -> None:
    """List the names of an app. Example: bailiwick domain list finance/refund-desk."""
    found = call("GET", "/domains", params={"app": app_path})
    lines = [
        f"{item['host']}  ({item['bound_by']}, {item['bound_at'][:16].replace('T', ' ')} UTC: {item['reason']})"
        for item in found["domains"]
    ]
    show(found, "\n".join(lines) or f"{app_path} has no name of its own", as_json=as_json)


@app.command("bind")
def bind_domain(app_path: App, host: Host, reason: Reason = "", as_json: Json = False) -> None:
    """Give an app a name. Example: bailiwick domain bind finance/desk refunds.company.example --reason "for shops"."""
    done = call("POST", "/domains", json={"app": app_path, "host": host, "reason": reason})
    show(done, f"{done['app']} answers at {done['host']} in production", as_json=as_json)


@app.command("unbind")
def unbind_domain(app_path: App, host: Host, reason: Reason = "", as_json: Json = False) -> None:
    """Take a name away. Example: bailiwick domain unbind finance/desk refunds.company.example --reason "moved"."""
    done = call("POST", "/domains/remove", json={"app": app_path, "host": host, "reason": reason})
    show(done, f"{done['app']} does not answer at {done['host']} any more", as_json=as_json)
