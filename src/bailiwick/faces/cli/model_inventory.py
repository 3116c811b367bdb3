"""`bailiwick model inventory`, `off`, `on`, `switches` and `log`: what leaves for models, and what is kept of it."""

from typing import Annotated, Any

import httpx2
import typer

from bailiwick.core.egress_words import bytes_words
from bailiwick.core.outflows import PLACE_WORDS
from bailiwick.core.prompt_logs import LOG_PATH
from bailiwick.faces.cli.client import call, every, fail, show
from bailiwick.faces.cli.options import Json, Reason

Model = Annotated[str, typer.Option("--model", help="only this model")]
App = Annotated[str, typer.Option("--app", help="only this app, such as finance/desk")]
Person = Annotated[str, typer.Option("--person", help="only this caller, such as user:ada@example.com")]
Place = Annotated[str, typer.Option("--place", help=f"only this place of calls: {', '.join(PLACE_WORDS)}")]
DataClass = Annotated[str, typer.Option("--class", help="only this class of data, such as iban")]


def register(app: typer.Typer) -> None:
    """Add these commands to those of models."""
    app.command("inventory")(inventory)
    app.command("off")(off)
    app.command("on")(on)
    app.command("switches")(switches)
    app.command("log")(log)


def inventory(
    model: Model = "",
    app: App = "",
    person: Person = "",
    place: Place = "",
    data_class: DataClass = "",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="of so many days")] = 30,
    as_json: Json = False,
) -> None:
    """List what left for models. Example: bailiwick model inventory --app finance/desk --days 7."""
    asked = {"model": model, "app": app, "person": person, "place": place, "data_class": data_class, "days": days}
    found = every("/model-inventory", "lines", **asked)
    found.sort(key=lambda line: (line["model"], line["app"], line["person"], line["place"], line["data_class"]))
    show({"lines": found}, "\n".join(map(_line, found)) or f"nothing left for models in {days} days", as_json=as_json)


def off(
    reason: Reason,
    model: Model = "",
    app: App = "",
    person: Person = "",
    place: Place = "",
    data_class: DataClass = "",
    as_json: Json = False,
) -> None:
    """Switch off what must not leave. Example: bailiwick model off --place tool-results --app finance/desk."""
    body = {
        "model": model, "app": app, "person": person, "place": place, "data_class": data_class, "reason": reason
    }  # fmt: skip
    made = call("POST", "/model-switches", json=body)
    show(made, f"{made['words']}, from now on; back with: bailiwick model on {made['id']}", as_json=as_json)


def on(
    switch: Annotated[str, typer.Argument(help="as bailiwick model switches lists it")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Let something leave again. Example: bailiwick model on off_01… --reason "reviewed"."""
    made = call("POST", f"/model-switches/{switch}/on", json={"reason": reason})
    show(made, f"not off any more: {made['words']}", as_json=as_json)


def switches(as_json: Json = False) -> None:
    """List what is switched off, by whom and why."""
    found = every("/model-switches", "switches")
    lines = [f"{item['id']}  {item['words']}  ({item['by']}, {item['time'][:10]}: {item['reason']})" for item in found]
    show({"switches": found}, "\n".join(lines) or "nothing is switched off", as_json=as_json)


def log(
    reason: Reason,
    app: Annotated[str, typer.Argument(help="the app, such as finance/desk; without one, calls by token")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="how many calls")] = 20,
    before: Annotated[int, typer.Option("--before", min=0, help="older than this call")] = 0,
    model: Annotated[str, typer.Option("--model", help="only of this model")] = "",
    person: Annotated[str, typer.Option("--person", help="only of whoever has this in their name")] = "",
    since: Annotated[str, typer.Option("--since", help="from a time on, such as 2026-03-01T08:00")] = "",
    until: Annotated[str, typer.Option("--until", help="before a time")] = "",
    text: Annotated[str, typer.Option("--text", help="only with this in prompt or answer")] = "",
    gateway: Annotated[str, typer.Option("--gateway", help="another plane's model gateway, without /v1")] = "",
    as_json: Json = False,
) -> None:
    """Read what a plane keeps of calls of models; audited. Example: bailiwick model log finance/desk --reason "…"."""
    opened = call("POST", "/prompt-logs", json={"app": app, "reason": reason})
    where = (gateway or opened["gateway"] or "").rstrip("/")
    if not where:
        fail({"title": "no model gateway is configured", "hint": "name the plane's: --gateway http://HOST:PORT"})
    asked: dict[str, str | int] = {"app": app, "limit": limit, "before": before}
    asked |= {"model": model, "person": person, "since": since, "until": until, "text": text}
    try:
        # From the plane itself: what is kept of prompts passes through no control plane, and no proxy.
        with httpx2.Client(trust_env=False, timeout=30) as client:
            answer = client.post(where + LOG_PATH, data=asked, headers={"authorization": f"Bearer {opened['token']}"})
    except httpx2.HTTPError:
        fail({"title": f"{where} does not answer", "hint": "is the plane reached from here? --gateway names another"})
    if answer.is_error:
        fail({"title": _said(answer)})
    found = answer.json()
    shown = "\n".join(map(_kept, found["entries"])) or f"{found['plane']} keeps nothing of {app or 'calls by token'}"
    if found["before"]:
        shown += f"\n{found['looked']} looked at; older ones: --before {found['before']}"
    show(found, shown, as_json=as_json)


def _said(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return f"the plane answered {answer.status_code}"


def _kept(entry: dict[str, Any]) -> str:
    head = f"{entry['number']}  {entry['time'][:19]}  {entry['model']}"
    if not entry["readable"]:
        return f"{head}  cannot be opened any more: its key is gone"
    facts = entry["facts"]
    lines = [
        f"{head}  {facts['person'] or 'the app itself'}  {facts['endpoint']}  status {facts['status']}"
        f"  {facts['tokens_in']} in, {facts['tokens_out']} out"
    ]
    lines += [f"  {name} ({entry['level']}): {_plain(entry[name])}" for name in ("prompt", "answer") if entry[name]]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text without what would steer a terminal: what a model says may be anything."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _calls(number: int) -> str:
    return f"{number:,} call{'' if number == 1 else 's'}"


def _line(line: dict[str, Any]) -> str:
    who = " for ".join(filter(None, [line["app"], line["person"]]))
    if line["data_class"]:
        what = f"{line['data_class']} in {PLACE_WORDS[line['place']]}"
        much = f"{line['found']} found, {line['redacted']} taken out"
    else:
        what, much = PLACE_WORDS[line["place"]], f"{bytes_words(line['bytes'])} in {_calls(line['calls'])}"
    refused = f", {_calls(line['refused'])} refused" if line["refused"] else ""
    return f"{line['model']:<20} {who:<44} {what:<36} {much}{refused}, {line['first'][:10]} to {line['last'][:10]}"
