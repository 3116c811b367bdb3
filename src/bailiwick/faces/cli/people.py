"""People on the command line: end what somebody holds, and let an address be another account's."""

from typing import Annotated

import typer

from bailiwick.faces.cli.client import call

app = typer.Typer(help="People, as the company's directory describes them.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="why, for the audit log")]


@app.command()
def revoke(email: str, reason: Reason = "") -> None:
    """End everything that a person holds, everywhere. Example: bailiwick person revoke e@b.c --reason left."""
    call("POST", f"/people/{email}/revoke", json={"reason": reason})
    typer.echo(f"{email} is signed out everywhere, and every token of theirs is dead")


@app.command()
def release(email: str, reason: Reason = "") -> None:
    """Let the next sign-in with an address be another account. Example: bailiwick person release a@b.c --reason why."""
    call("POST", f"/people/{email}/release", json={"reason": reason})
    typer.echo(f"whoever signs in next as {email} is that person from then on")
