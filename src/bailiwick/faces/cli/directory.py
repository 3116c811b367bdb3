"""Directories on the command line: the tokens with which Entra, Okta and others describe people over SCIM."""

from typing import Annotated

import typer

from bailiwick.faces.cli import directory_sync
from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json

app = typer.Typer(help="Directories that describe people and groups, over SCIM or LDAP.", no_args_is_help=True)
directory_sync.register(app)


@app.command("issue-token")
def issue_token(
    directory: Annotated[str, typer.Argument(help="a name for the directory, for example entra")],
    days: Annotated[int, typer.Option(help="how long it is good for")] = 180,
    purpose: Annotated[str, typer.Option(help="what it is for, for the audit log")] = "",
    as_json: Json = False,
) -> None:
    """Make a token; it is shown once. Example: bailiwick directory issue-token entra --days 90."""
    made = call("POST", "/directory-tokens", json={"directory": directory, "days": days, "purpose": purpose})
    text = f"tenant URL    {made['url']}\nsecret token  {made['secret']}\nexpires       {made['expires']}"
    show(made, text, as_json=as_json)


@app.command("list-tokens")
def list_tokens(as_json: Json = False) -> None:
    """List tokens, never secrets."""
    found = call("GET", "/directory-tokens")
    lines = [
        f"{item['id']}  {item['directory']:<16} until {item['expires']}  {item['owner']}" for item in found["tokens"]
    ]
    show(found, "\n".join(lines) or "none", as_json=as_json)


@app.command("revoke-token")
def revoke_token(token: Annotated[str, typer.Argument(help="its id")], as_json: Json = False) -> None:
    """Withdraw a token, at once. Example: bailiwick directory revoke-token dtk_06f3…."""
    done = call("DELETE", f"/directory-tokens/{token}")
    show(done, f"{done['directory']}: {done['id']} opens nothing any more", as_json=as_json)
