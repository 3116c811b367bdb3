"""Audit exporters on the command line. Which there are is in the control plane's settings."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

Name = Annotated[str, typer.Argument(help="the exporter's name in the settings")]
app = typer.Typer(help="Where the audit log is passed on to, and how that goes.", no_args_is_help=True)


@app.command("list")
def list_exporters(as_json: Json = False) -> None:
    """List exporters and how each fares."""
    found = call("GET", "/exporters")
    lines = [f"{item['name']:<16} {item['kind']:<8} {item['health']}" for item in found["exporters"]]
    show(found, "\n".join(lines) or "none: name some in the settings, under audit_exporters", as_json=as_json)


@app.command("show")
def show_exporter(name: Name, as_json: Json = False) -> None:
    """Show one exporter. Example: bailiwick exporter show siem."""
    _tell(call("GET", f"/exporters/{name}"), as_json=as_json)


@app.command()
def test(name: Name, as_json: Json = False) -> None:
    """Send one event now, and say whether the receiver took it. Example: bailiwick exporter test siem."""
    done = call("POST", f"/exporters/{name}/test")
    show(done, f"{name}: the receiver took the event of this test in {done['seconds']} s", as_json=as_json)


@app.command()
def pause(name: Name, reason: Reason, as_json: Json = False) -> None:
    """Stop sending; nothing is lost. Example: bailiwick exporter pause siem --reason "the SIEM moves"."""
    _tell(call("POST", f"/exporters/{name}/pause", json={"reason": reason}), as_json=as_json)


@app.command()
def resume(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """Send again, now. Example: bailiwick exporter resume siem."""
    _tell(call("POST", f"/exporters/{name}/resume", json={"reason": reason}), as_json=as_json)


@app.command()
def replay(
    name: Name,
    first: Annotated[int, typer.Option("--from", min=0, help="a place of the log, as audit search shows it")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Go on from another place. Example: bailiwick exporter replay siem --from 0 --reason "a new SIEM"."""
    _tell(call("POST", f"/exporters/{name}/replay", json={"first": first, "reason": reason}), as_json=as_json)


def _tell(status: dict[str, Any], *, as_json: bool) -> None:
    lines = [
        f"{status['name']} ({status['kind']}) to {status['destination']}",
        f"  {status['health']}",
        f"  goes on from {status['next_sequence']}; {status['sent']} events sent",
    ]
    if status["last_success"]:
        lines.append(f"  last took something at {status['last_success'][:19]}")
    show(status, "\n".join(lines), as_json=as_json)
