"""Grants on the command line: take one back from an app at once, and give it again."""

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="What apps may use of integrations.", no_args_is_help=True)


@app.command()
def withdraw(path: str, integration: str, reason: Reason = "", as_json: Json = False) -> None:
    """Take a grant back. Example: bailiwick grant withdraw finance/refund-desk orders-db --reason unused."""
    done = call("POST", "/grants/withdraw", json={"app": path, "integration": integration, "reason": reason})
    show(done, f"{path} gets nothing of {integration} any more, in any mode", as_json=as_json)


@app.command()
def restore(path: str, integration: str, reason: Reason = "", as_json: Json = False) -> None:
    """Give it again. Example: bailiwick grant restore finance/refund-desk orders-db --reason "needed after all"."""
    done = call("POST", "/grants/restore", json={"app": path, "integration": integration, "reason": reason})
    show(done, f"{path} may use {integration} again, as its release was approved", as_json=as_json)


@app.command()
def withdrawn(as_json: Json = False) -> None:
    """List what is taken back."""
    found = every("/grants/withdrawn", "withdrawn")
    lines = [f"{item['app']:<32} {item['integration']:<24} {item['by']}: {item['reason']}" for item in found]
    show({"withdrawn": found}, "\n".join(lines) or "nothing", as_json=as_json)
