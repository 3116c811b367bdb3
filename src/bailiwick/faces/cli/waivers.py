"""Waivers on the command line: ask for one, decide about it, end it, list them."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, every, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Waivers: one finding of one app passes, for a reason and for a time.", no_args_is_help=True)


@app.command()
def request(
    review: str,
    finding: Annotated[str, typer.Argument(help="its fingerprint, the end of the link that the review shows")],
    days: Annotated[int, typer.Option(help="for how many days, 90 at most")] = 30,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Ask that a finding may pass. Example: bailiwick waiver request rev_06f3… 1f0c… --reason "no input gets there"."""
    made = call("POST", "/waivers", json={"review": review, "finding": finding, "reason": reason, "days": days})
    text = f"{made['id']} asks for {made['rule']} at {made['path']}:{made['line']} until {made['until'][:10]}"
    show(made, f"{text}; somebody who did not write it decides, then push again", as_json=as_json)


@app.command("list")
def list_waivers(
    app_path: Annotated[str, typer.Option("--app", help="of one app")] = "",
    state: Annotated[str, typer.Option(help="requested, approved, refused or ended")] = "",
    rule: str = "",
    severity: str = "",
    ending: Annotated[bool, typer.Option("--ending", help="only those that end within a week")] = False,
    as_json: Json = False,
) -> None:
    """List those that you may see. Example: bailiwick waiver list --state requested."""
    wanted = {"app": app_path, "state": state, "rule": rule, "severity": severity}
    asked = {key: value for key, value in wanted.items() if value}
    found = every("/waivers", "waivers", **asked, **({"ending": "true"} if ending else {}))
    show({"waivers": found}, "\n".join(_line(item) for item in found) or "none", as_json=as_json)


@app.command("show")
def show_waiver(waiver: str, as_json: Json = False) -> None:
    """Show one. Example: bailiwick waiver show wvr_06f3…."""
    found = call("GET", f"/waivers/{waiver}")
    may = found["you_may_approve"]
    facts = [f"{key:<16} {value}" for key, value in found.items() if value and key != "you_may_approve"]
    verdict = "you may decide" if may["allowed"] else "you may not decide"
    facts.append(f"{verdict}: {may['reason']} ({', '.join(may['deciders'])})")
    show(found, "\n".join(facts), as_json=as_json)


@app.command()
def approve(waiver: str, reason: Reason = "", as_json: Json = False) -> None:
    """Let the finding pass. Example: bailiwick waiver approve wvr_06f3… --reason "read it, the name is a constant"."""
    _decide(waiver, "approve", reason, as_json=as_json)


@app.command()
def refuse(waiver: str, reason: Reason = "", as_json: Json = False) -> None:
    """Say no. Example: bailiwick waiver refuse wvr_06f3… --reason "use parameters"."""
    _decide(waiver, "refuse", reason, as_json=as_json)


@app.command()
def end(waiver: str, reason: Reason = "", as_json: Json = False) -> None:
    """End one before its time. Example: bailiwick waiver end wvr_06f3… --reason mended."""
    _decide(waiver, "end", reason, as_json=as_json)


def _decide(waiver: str, verb: str, reason: str, *, as_json: bool) -> None:
    done = call("POST", f"/waivers/{waiver}/{verb}", json={"reason": reason})
    show(done, f"{done['id']} is {done['state']}: {done['rule']} at {done['path']}:{done['line']}", as_json=as_json)


def _line(item: dict[str, Any]) -> str:
    place = f"{item['path']}:{item['line']}"
    what = f"{item['severity']:<8} {item['rule']:<24} {item['app']:<28} {place}"
    return f"{item['id']}  {item['state']:<9} until {item['until'][:10]}  {what}"
