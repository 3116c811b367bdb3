"""Retention and legal holds on the command line."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

Name = Annotated[str, typer.Argument(help="the hold's name")]
app = typer.Typer(help="Legal holds: what matches one does not expire.", no_args_is_help=True)
_FIELDS = ("actor", "app", "resource", "since", "until")


@app.command()
def place(
    name: Name,
    reason: Reason,
    actor: Annotated[str, typer.Option(help="for example user:alice@example.com")] = "",
    app_path: Annotated[str, typer.Option("--app", help="folder and name of an app")] = "",
    resource: Annotated[str, typer.Option(help="for example integration:orders-db")] = "",
    since: Annotated[str, typer.Option(help="2026-01-01T00:00:00Z, which counts")] = "",
    until: Annotated[str, typer.Option(help="2026-02-01T00:00:00Z, which does not")] = "",
    as_json: Json = False,
) -> None:
    """Keep events. Example: bailiwick audit hold place case-7 --actor user:a@example.com --reason "case 7"."""
    body = {"name": name, "reason": reason, "actor": actor, "app": app_path, "resource": resource}
    times = {key: value for key, value in (("since", since), ("until", until)) if value}
    made = call("POST", "/audit/holds", json={**body, **times})
    show(made, f"{_line(made)}\nanother person than you can lift it", as_json=as_json)


@app.command("list")
def list_holds(as_json: Json = False) -> None:
    """List holds, also those that were lifted."""
    found = call("GET", "/audit/holds")
    show(found, "\n".join(map(_line, found["holds"])) or "none", as_json=as_json)


@app.command()
def lift(name: Name, reason: Reason, as_json: Json = False) -> None:
    """End a hold that somebody else placed. Example: bailiwick audit hold lift case-7 --reason "settled"."""
    done = call("POST", f"/audit/holds/{name}/lift", json={"reason": reason})
    show(done, _line(done), as_json=as_json)


def retention(as_json: Json = False) -> None:
    """Show how long events are kept, and what keeps some of them longer. Example: bailiwick audit retention."""
    found = call("GET", "/audit/retention")
    lines = [f"events are kept for {found['days']} days"]
    lines += [f"  {beginning:<16} {days} days" for beginning, days in sorted(found["classes"].items())]
    lines.append(f"legal holds that stand: {found['holds']}")
    if found["delivered_before"] is not None and found["delivered_before"] < found["size"]:
        lines.append(f"from event {found['delivered_before']} on, nothing expires until exporters have delivered it")
    lines.append(f"expiry stands at {found['horizon'][:19]}" if found["horizon"] else "expiry has not run yet")
    show(found, "\n".join(lines), as_json=as_json)


def _line(hold: dict[str, Any]) -> str:
    keeps = " ".join(f"{name}={hold[name]}" for name in _FIELDS if hold[name]) or "everything"
    lifted = f"; lifted by {hold['lifted_by']} at {hold['lifted'][:19]}" if hold["lifted"] else ""
    return f"{hold['name']}  {keeps}  placed by {hold['placed_by']} at {hold['placed'][:19]}: {hold['reason']}{lifted}"
