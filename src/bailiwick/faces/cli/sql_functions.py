"""Functions of databases that statements may call, on the command line: propose, approve and put into force."""

from pathlib import Path
from typing import Annotated

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason
from bailiwick.faces.cli.versions import Number, act, add_versions, read_text, set_line, show_done, version_of

app = typer.Typer(help="Functions of a database that apps may call, beside those of PostgreSQL.", no_args_is_help=True)
Integration = Annotated[str, typer.Argument(help="the database's integration, such as orders-db")]
Text = Annotated[Path, typer.Argument(help="a function a line: reporting.risk_of(numeric, text)", dir_okay=False)]
add_versions(app, "sql-functions", "sql-function")


@app.command("list")
def list_functions(as_json: Json = False) -> None:
    """List the databases of which more functions may be called."""
    found = every("/sql-functions", "sql-functions")
    show({"sql-functions": found}, "\n".join(map(set_line, found)) or "none", as_json=as_json)


@app.command("show")
def show_functions(integration: Integration, version: Number = 0) -> None:
    """Print a version's text."""
    typer.echo(version_of("sql-functions", "sql-function", integration, version)["text"], nl=False)


@app.command("propose")
def propose(integration: Integration, file: Text, reason: Reason, as_json: Json = False) -> None:
    """Propose which functions may be called. Example: bailiwick sql-function propose orders-db risk.txt."""
    body = {"text": read_text(file), "reason": reason}
    made = call("POST", f"/sql-functions/{integration}/versions", json=body)
    command = f"bailiwick sql-function approve {integration} {made['version']}"
    show(made, f"{integration}@{made['version']} waits for somebody else: {command}", as_json=as_json)


@app.command("withdraw")
def withdraw(integration: Integration, version: int, reason: Reason, as_json: Json = False) -> None:
    """Take a version back, alone and at once. Example: bailiwick sql-function withdraw orders-db 2 --reason "…"."""
    show_done(act("sql-functions", "withdraw", integration, version, reason), as_json=as_json)
