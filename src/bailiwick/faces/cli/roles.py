"""Roles on the command line: who holds what, and where."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Roles on the organisation, on folders and on apps.", no_args_is_help=True)


@app.command("list")
def list_roles(as_json: Json = False) -> None:
    """List who holds which role where."""
    held = every("/roles", "roles")
    lines = [f"{item['scope']:<32} {item['role']:<16} {item['holder']:<36} by {item['given_by']}" for item in held]
    show({"roles": held}, "\n".join(lines), as_json=as_json)


@app.command()
def assign(role: str, holder: str, scope: str) -> None:
    """Give a role. Example: bailiwick role assign builder group:analysts folder:finance."""
    call("POST", "/roles", json={"role": role, "holder": holder, "scope": scope})
    typer.echo(f"{holder} is {role} on {scope}")


@app.command()
def remove(role: str, holder: str, scope: str, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Take a role away. Example: bailiwick role remove builder user:a@b.c folder:finance --reason moved."""
    call("POST", "/roles/remove", json={"role": role, "holder": holder, "scope": scope, "reason": reason})
    typer.echo(f"{holder} is no longer {role} on {scope}")
