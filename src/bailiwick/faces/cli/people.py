"""People on the command line: end what somebody holds, and let an address be another account's."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="People, as the company's directory describes them.", no_args_is_help=True)


@app.command("list")
def list_people(
    text: Annotated[str, typer.Option(help="in name or address")] = "",
    group: Annotated[str, typer.Option(help="who is in this group")] = "",
    state: Annotated[str, typer.Option(help="active or off")] = "",
    as_json: Json = False,
) -> None:
    """List people that you may see. Example: bailiwick person list --group analysts."""
    asked = {key: value for key, value in (("text", text), ("group", group), ("state", state)) if value}
    found = every("/people", "people", **asked)
    show({"people": found}, "\n".join(_line(it) for it in found) or "nobody", as_json=as_json)


@app.command("show")
def show_person(email: str, as_json: Json = False) -> None:
    """Show what somebody holds, and through what. Example: bailiwick person show ada@example.com."""
    found = call("GET", f"/people/{email}")
    lines = [f"{found['email']}  {found['name']}  {'active' if found['active'] else 'switched off'}"]
    lines += [f"  {it['role']:<16} {it['scope']:<32} {it['holder']}" for it in found["held"]]
    show(found, "\n".join(lines), as_json=as_json)


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


def _line(person: dict[str, Any]) -> str:
    state, came = "active" if person["active"] else "OFF", (person["signed_in"] or "never")[:10]
    return f"{person['email']:<36} {state:<8} {person['roles']:>4} roles  last sign-in {came}"
