"""`bailiwick freeze`: keep everything, or whatever contains something, from going to production."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Freezes: nothing that one covers goes to production.", no_args_is_help=True)


@app.command()
def start(
    everything: Annotated[bool, typer.Option("--everything", help="every deploy of every app")] = False,
    package: Annotated[str, typer.Option(help="whatever contains a package: pypi:requests or npm:lodash")] = "",
    versions: Annotated[str, typer.Option(help="its versions, as pip or npm reads ranges; all without")] = "",
    rule: Annotated[str, typer.Option(help="whatever a rule of the review found something in")] = "",
    integration: Annotated[str, typer.Option(help="whatever uses an integration")] = "",
    folder: Annotated[str, typer.Option(help="whatever is in a folder")] = "",
    stop_affected: Annotated[bool, typer.Option("--stop-affected", help="stop what runs and is covered, too")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Freeze. Example: bailiwick freeze start --package npm:lodash --versions "<4.17.21" --reason CVE-2021-23337."""
    asked = {
        "everything": everything,
        "package": package,
        "versions": versions,
        "rule": rule,
        "integration": integration,
        "folder": folder,
        "stop_affected": stop_affected,
        "reason": reason,
    }
    made = call("POST", "/freezes", json=asked)
    lines = [f"{made['id']} stands: {made['covers']} does not go to production", *_affected(made)]
    lines += [f"stopped {path}" for path in made.get("stopped", ())]
    lines += [f"not stopped, as you may not: {path}" for path in made.get("not_stopped", ())]
    lines += [f"nothing was stopped: {made['stop_failed']}"] if made.get("stop_failed") else []
    show(made, "\n".join(lines), as_json=as_json)


@app.command("list")
def list_freezes(
    affected: Annotated[bool, typer.Option("--affected", help="with each running app that is affected")] = False,
    lifted: Annotated[bool, typer.Option("--lifted", help="those that were lifted")] = False,
    as_json: Json = False,
) -> None:
    """List the freezes that stand. Example: bailiwick freeze list --affected."""
    found = call("GET", "/freezes", params={"lifted": "true"} if lifted else {})
    lines = []
    for item in found["freezes"]:
        lines.append(_line(item))
        lines += _affected(item) if affected and not lifted else []
    show(found, "\n".join(lines) or "nothing is frozen", as_json=as_json)


@app.command("show")
def show_freeze(freeze: str, as_json: Json = False) -> None:
    """Show one with each running app that is affected. Example: bailiwick freeze show frz_06f3…."""
    found = call("GET", f"/freezes/{freeze}")
    show(found, "\n".join([_line(found), *_affected(found)]), as_json=as_json)


@app.command()
def lift(freeze: str, reason: Reason = "", as_json: Json = False) -> None:
    """End one that somebody else started. Example: bailiwick freeze lift frz_06f3… --reason "4.17.21 is everywhere"."""
    done = call("POST", f"/freezes/{freeze}/lift", json={"reason": reason})
    show(done, f"{done['id']} is lifted: {done['covers']} may go to production again", as_json=as_json)


@app.command()
def stop(freeze: str, as_json: Json = False) -> None:
    """Stop each running app that a freeze covers, with the kill switch. Example: bailiwick freeze stop frz_06f3…."""
    done = call("POST", f"/freezes/{freeze}/stop-affected")
    lines = [f"stopped {path}" for path in done["stopped"]]
    lines += [f"not stopped, as you may not: {path}" for path in done["not_stopped"]]
    show(done, "\n".join(lines) or "nothing runs under it", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    end = f"; lifted by {item['lifted_by']}: {item['lift_reason']}" if item["lifted_at"] else ""
    when = item["started_at"][:16].replace("T", " ")
    return f"{item['id']}  {item['covers']}; {item['started_by']}, {when} UTC: {item['reason']}{end}"


def _affected(item: dict[str, Any]) -> list[str]:
    lines = [
        f"  {it['app']:<28} {it['mode']:<10} {'fix' if it['fix'] else it['state']:<8} {it['release']}  {it['owner']}; "
        f"{it['because']}"
        for it in item["affected"]
    ]
    return lines or ["  no running app is affected"]
