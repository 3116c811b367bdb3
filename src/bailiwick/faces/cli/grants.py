"""Grants on the command line: take one back from an app at once, and give it again."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, every, show

app = typer.Typer(help="What apps may use of integrations.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Reason = Annotated[str, typer.Option("--reason", help="why, for the audit log")]


@app.command()
def withdraw(path: str, integration: str, reason: Reason = "") -> None:
    """Take a grant back. Example: bailiwick grant withdraw finance/refund-desk orders-db --reason unused."""
    call("POST", "/grants/withdraw", json={"app": path, "integration": integration, "reason": reason})
    typer.echo(f"{path} gets nothing of {integration} any more, in any mode")


@app.command()
def restore(path: str, integration: str, reason: Reason = "") -> None:
    """Give it again. Example: bailiwick grant restore finance/refund-desk orders-db --reason "needed after all"."""
    call("POST", "/grants/restore", json={"app": path, "integration": integration, "reason": reason})
    typer.echo(f"{path} may use {integration} again, as its release was approved")


@app.command()
def withdrawn(as_json: Json = False) -> None:
    """List what is taken back."""
    found = every("/grants/withdrawn", "withdrawn")
    lines = [f"{item['app']:<32} {item['integration']:<24} {item['by']}: {item['reason']}" for item in found]
    show({"withdrawn": found}, "\n".join(lines) or "nothing", as_json=as_json)
