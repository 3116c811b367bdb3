"""Anomalies on the command line: what stood out, one of them, and that it is nothing."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Anomalies: what apps, people, integrations and models did unlike before.", no_args_is_help=True)


@app.command("list")
def list_anomalies(
    subject: Annotated[str, typer.Option(help="app:finance/desk, user:ada@example.com, integration:…, model:…")] = "",
    state: Annotated[str, typer.Option(help="open or dismissed")] = "",
    as_json: Json = False,
) -> None:
    """List those that you may see, the newest first. Example: bailiwick anomaly list --state open."""
    wanted = {key: value for key, value in {"subject": subject, "state": state}.items() if value}
    found = every("/anomalies", "anomalies", **wanted)
    show({"anomalies": found}, "\n".join(_line(item) for item in found) or "none", as_json=as_json)


@app.command("show")
def show_anomaly(anomaly: str, as_json: Json = False) -> None:
    """Show one: what was expected, what came, who, what else moved. Example: bailiwick anomaly show ano_06f3…."""
    found = call("GET", f"/anomalies/{anomaly}")
    lines = [
        found["words"],
        f"{'time':<10} {found['time'][:16]}, {found['times']} times until {found['last'][:16]}",
        f"{'band':<10} {found['band']['low']:.6g} to {found['band']['high']:.6g}, score {found['score']}",
        f"{'who':<10} {', '.join(found['people']) or 'nobody is known'}",
        *(f"{'moved':<10} {_moved(one)}" for one in found["moved"]),
        f"{'state':<10} {found['state']} {found['decided_by']} {found['reason']}".rstrip(),
    ]
    may = found["you_may_dismiss"]
    verdict = "you may dismiss it" if may["allowed"] else "you may not dismiss it"
    lines.append(f"{verdict}: {may['reason']} ({', '.join(may['deciders'])})")
    show(found, "\n".join(lines), as_json=as_json)


@app.command()
def dismiss(anomaly: str, reason: Reason = "", as_json: Json = False) -> None:
    """Say that it is nothing. Example: bailiwick anomaly dismiss ano_06f3… --reason "a sale began"."""
    done = call("POST", f"/anomalies/{anomaly}/dismiss", json={"reason": reason})
    show(done, f"{done['id']} is {done['state']}: {done['words']}", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    return f"{item['id']}  {item['time'][:16]}  {item['state']:<9}  {item['words']}"


def _moved(one: dict[str, Any]) -> str:
    return f"{one['subject']} {one['measure']}: {one['came']:.6g}, {one['expected']:.6g} expected"
