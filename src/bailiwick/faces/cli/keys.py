"""`bailiwick key`: the keys that sign reviews, approvals and releases."""

from datetime import datetime
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Reason = Annotated[str, typer.Option(help="why, in a few words")]
app = typer.Typer(help="The keys that sign reviews, approvals and releases.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List every key and what became of it. Example: bailiwick key list --json > keys.json."""
    found = call("GET", "/signing-keys")
    show(found, "\n".join(_line(key) for key in found["keys"]), as_json=as_json)


@app.command()
def rotate(
    purpose: Annotated[str, typer.Argument(help="review, approval or release")],
    reason: Reason,
    until: Annotated[datetime | None, typer.Option(help="how long the old key's signatures count (UTC)")] = None,
    as_json: Json = False,
) -> None:
    """Have another key sign from here on; what the old one signed stays good, or until a day.

    Example: bailiwick key rotate release --reason "once a year" --until 2027-06-01
    """
    ends = f"{until.isoformat()}Z" if until is not None else None
    key = call("POST", "/signing-keys", json={"purpose": purpose, "reason": reason, "until": ends})
    show(key, f"{key['id']} signs for {purpose} from here on\n{key['public']}", as_json=as_json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="its id, from: bailiwick key list")],
    reason: Reason,
    stop_running: Annotated[bool, typer.Option("--stop-running", help="stop what it signed, where it runs")] = False,
    as_json: Json = False,
) -> None:
    """End a key now: nothing starts any more that it signed. Prints what runs with its signatures.

    Example: bailiwick key revoke ed25519:0123456789abcdef --reason "the backup was stolen"
    """
    found = call("POST", f"/signing-keys/{key}/revoke", json={"reason": reason, "stop_running": stop_running})
    told = "is being stopped" if stop_running else "runs on until it is stopped, and will not start again"
    lines = [f"{key} is revoked", *(f"{item} {told}" for item in found["running"])]
    lines += ["to start it again: bailiwick key resign, or push or deploy it again"] if found["running"] else []
    show(found, "\n".join(lines), as_json=as_json)


@app.command()
def resign(reason: Reason, as_json: Json = False) -> None:
    """Sign again what is served, with the present key for releases. Exit code 1 when something could not be.

    Only what is the same as when its key still counted. Verdicts and approvals stay whose they are: where their key
    ended, push or deploy again. Example: bailiwick key resign --reason "the old key was revoked"
    """
    found = call("POST", "/signing-keys/resign", json={"reason": reason})["releases"]
    lines = [_resigned(item) for item in found]
    show(found, "\n".join(lines) or "everything that is served was signed by the present key", as_json=as_json)
    raise typer.Exit(1 if any(item["problem"] for item in found) else 0)


def _resigned(item: dict[str, Any]) -> str:
    what = f"{item['app']} ({item['mode']}), {item['release']}"
    return f"NOT SIGNED: {what}: {item['problem']}" if item["problem"] else f"signed again: {what}, by {item['key']}"


def _line(key: dict[str, Any]) -> str:
    ended = f"  {'revoked' if key['revoked'] else 'until'} {key['ends'][:16]} {key['because']}" if key["ends"] else ""
    return f"{key['id']}  {key['purpose']:<9} since {key['since'][:10]}{ended}"
