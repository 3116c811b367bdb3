"""The platform on the command line: integrations and secrets."""

import sys
from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

integration = typer.Typer(help="Business systems that apps may be granted.", no_args_is_help=True)
secret = typer.Typer(help="Secrets in the vault, by name.", no_args_is_help=True)


@integration.command("list")
def list_integrations(as_json: Json = False) -> None:
    """List integrations and what may be asked of them."""
    found = call("GET", "/integrations")
    lines = [
        f"{item['name']:<20} {'on ' if item['enabled'] else 'OFF'}  {', '.join(item['offers'])}"
        for item in found["integrations"]
    ]
    show(found, "\n".join(lines) or "none that you may see", as_json=as_json)


@integration.command()
def enable(name: str, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Switch an integration on."""
    call("PUT", f"/integrations/{name}/enabled", json={"enabled": True, "reason": reason})
    typer.echo(f"{name} is on")


@integration.command()
def disable(name: str, reason: Annotated[str, typer.Option("--reason")] = "") -> None:
    """Switch an integration off for every app at once. Example: bailiwick integration disable orders-db --reason …."""
    call("PUT", f"/integrations/{name}/enabled", json={"enabled": False, "reason": reason})
    typer.echo(f"{name} is off")


@integration.command()
def classify(
    name: str,
    columns: Annotated[list[str], typer.Argument(help="TABLE.COLUMN=CLASS, or TABLE.COLUMN= to take a class away")],
) -> None:
    """Say which class of data columns hold. Example: bailiwick integration classify orders-db orders.email=customer.

    Reviews hold apps to it: what a grant brings, a manifest names under data_classes.
    """
    pairs = [column.partition("=") for column in columns]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("each is TABLE.COLUMN=CLASS")
    body = {"columns": {column: found for column, _, found in pairs}}
    done = call("PUT", f"/integrations/{name}/data-classes", json=body)
    lines = [f"{column:<40} {found}" for column, found in sorted(done["data_classes"].items())]
    typer.echo("\n".join(lines) or f"{name}: no column has a class")


@secret.command("list")
def list_secrets(as_json: Json = False) -> None:
    """List names, never values."""
    found = call("GET", "/secrets")
    lines = [f"{item['name']:<30} version {item['version']}" for item in found["secrets"]]
    show(found, "\n".join(lines), as_json=as_json)


@secret.command()
def put(name: str) -> None:
    """Store a secret; its value is read from stdin. Example: bailiwick secret put orders-db-password < file."""
    done = call("PUT", f"/secrets/{name}", json={"value": sys.stdin.read().rstrip("\n")})
    typer.echo(f"{name}: version {done['version']}")


def register(root: typer.Typer) -> None:
    """Add these verbs to the command line."""
    root.add_typer(integration, name="integration")
    root.add_typer(secret, name="secret")
