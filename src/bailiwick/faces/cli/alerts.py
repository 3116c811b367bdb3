"""Alerts on the command line: rules, what stands, answers and silences."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(
    help="Alerts: rules over the audit log and anomalies, whom they tell, and silences.", no_args_is_help=True
)


@app.command("list")
def list_alerts(
    state: Annotated[str, typer.Option(help="open, acknowledged or resolved")] = "", as_json: Json = False
) -> None:
    """List alerts, the newest first. Example: bailiwick alert list --state open."""
    found = call("GET", "/alerts", params={"state": state} if state else {})["alerts"]
    show({"alerts": found}, "\n".join(_alert(item) for item in found) or "none", as_json=as_json)


@app.command()
def acknowledge(alert: str, as_json: Json = False) -> None:
    """Say that you look after it: it is not escalated. Example: bailiwick alert acknowledge alr_06f3…."""
    done = call("POST", f"/alerts/{alert}/acknowledge")
    show(done, f"{done['id']} is {done['state']}", as_json=as_json)


@app.command()
def resolve(alert: str, reason: Reason = "", as_json: Json = False) -> None:
    """Say that it is over. Example: bailiwick alert resolve alr_06f3… --reason "the job was fixed"."""
    done = call("POST", f"/alerts/{alert}/resolve", json={"reason": reason})
    show(done, f"{done['id']} is {done['state']}", as_json=as_json)


@app.command()
def rules(as_json: Json = False) -> None:
    """List the rules. Example: bailiwick alert rules."""
    found = call("GET", "/alert-rules")["rules"]
    show({"rules": found}, "\n".join(_rule(item) for item in found) or "none", as_json=as_json)


@app.command("set-rule")
def set_rule(file: Path, as_json: Json = False) -> None:
    """Put a rule of a YAML or JSON file into force. Example: bailiwick alert set-rule spikes.yaml."""
    import yaml  # noqa: PLC0415 - slow to load

    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        fail({"title": f"{file} cannot be read as YAML ({type(fault).__name__})"})
    done = call("POST", "/alert-rules", json=document)
    show(done, f"{done['name']} is in force", as_json=as_json)


@app.command("remove-rule")
def remove_rule(name: str, reason: Reason = "", as_json: Json = False) -> None:
    """Take a rule out of force. Example: bailiwick alert remove-rule spikes --reason "too noisy"."""
    show(call("POST", f"/alert-rules/{name}/remove", json={"reason": reason}), f"{name} is removed", as_json=as_json)


@app.command()
def silence(
    rule: Annotated[str, typer.Option(help="of one rule; all without it")] = "",
    key: Annotated[str, typer.Option(help="of one group, as alerts show it")] = "",
    hours: Annotated[float, typer.Option(help="for how long, 720 at most")] = 1.0,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Tell nobody for a while. Example: bailiwick alert silence --rule spikes --hours 2 --reason "load test"."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    body = {"rule": rule, "key": key, "until": until.isoformat(), "reason": reason}
    done = call("POST", "/alert-silences", json=body)
    show(done, f"{done['id']} is silent until {done['until'][:16]}", as_json=as_json)


@app.command()
def silences(as_json: Json = False) -> None:
    """List the silences that stand. Example: bailiwick alert silences."""
    found = call("GET", "/alert-silences")["silences"]
    show({"silences": found}, "\n".join(_silence(item) for item in found) or "none", as_json=as_json)


@app.command("end-silence")
def end_silence(silence_id: str, reason: Reason = "", as_json: Json = False) -> None:
    """End a silence before its time. Example: bailiwick alert end-silence sil_06f3… --reason "the test is over"."""
    done = call("POST", f"/alert-silences/{silence_id}/end", json={"reason": reason})
    show(done, f"{done['id']} is over", as_json=as_json)


def _alert(item: dict[str, Any]) -> str:
    state = f"{item['state']:<12}  {item['severity']:<8}"
    return f"{item['id']}  {item['last'][:16]}  {state}  {item['rule']}: {item['words']}"


def _rule(item: dict[str, Any]) -> str:
    tells = ", ".join(item["tell"]) or "nobody"
    return f"{item['name']}  {item['severity']}  {', '.join(item['match']['actions'])}  tells {tells}"


def _silence(item: dict[str, Any]) -> str:
    what = f"{item['rule'] or 'all rules'}  {item['key']}"
    return f"{item['id']}  until {item['until'][:16]}  {what}  {item['by']}: {item['reason']}"
