"""`bailiwick guardrail`: what holds for apps at work, for the organisation, a folder or an app."""

from typing import Annotated, Any

import typer

from bailiwick.core.guardrails import value_of
from bailiwick.faces.cli.client import call, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="Guardrails: what holds for apps at work.", no_args_is_help=True)
Place = Annotated[str, typer.Option("--at", help="folder:PATH or app:PATH; the organisation without")]
Environment = Annotated[str, typer.Option("--env", help="preview or production; every one without")]
_ORGANIZATION = "organization:default"


@app.command("list")
def list_guardrails(
    earlier: Annotated[bool, typer.Option("--earlier", help="the versions that were in force before")] = False,
    as_json: Json = False,
) -> None:
    """List what is said, and where. Example: bailiwick guardrail list."""
    found = call("GET", "/guardrails", params={"earlier": "true"} if earlier else {})
    usual = "nothing is said: the usual values hold (bailiwick guardrail sections)"
    show(found, "\n".join(map(_line, found["guardrails"])) or usual, as_json=as_json)


@app.command("sections")
def list_sections(as_json: Json = False) -> None:
    """List what can be said, with the usual values. Example: bailiwick guardrail sections."""
    found = call("GET", "/guardrails/sections")
    lines = [
        f"{section}.{name} = {field['usual']}  ({field['description']})"
        for section, fields in found["sections"].items()
        for name, field in fields.items()
    ]
    show(found, "\n".join(lines), as_json=as_json)


@app.command("show")
def show_guardrails(
    app_path: Annotated[str, typer.Argument(metavar="APP", help="the app, as folder/name")],
    env: Environment = "production",
    as_json: Json = False,
) -> None:
    """Show how everything is for an app, and which place says so. Example: bailiwick guardrail show finance/desk."""
    found = call("GET", "/guardrails/for", params={"app": app_path, "environment": env})
    show(found, "\n".join(map(_setting, found["settings"])), as_json=as_json)


@app.command("set")
def set_guardrail(
    section: Annotated[str, typer.Argument(help="what it is about, as `guardrail sections` names it")],
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE ...", help="what is said of its fields")],
    at: Place = _ORGANIZATION,
    env: Environment = "",
    binding: Annotated[bool, typer.Option("--binding", help="no place below may say otherwise")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say what holds. Example: bailiwick guardrail set errors error_ratio=0.2 --at folder:finance --reason "audit"."""
    said = {name: value_of(value) for name, value in map(_pair, values)}
    asked = {**_place(section, at, env), "values": said, "binding": binding, "reason": reason}
    made = call("PUT", "/guardrails", json=asked)
    show(made, f"{made['name']}: {made['words']} (version {made['version']})", as_json=as_json)


@app.command("remove")
def remove_guardrail(
    section: Annotated[str, typer.Argument(help="what it is about")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME ...]", help="only these fields of it")] = None,
    at: Place = _ORGANIZATION,
    env: Environment = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say it no more. Example: bailiwick guardrail remove errors --at folder:finance --reason "as everybody"."""
    done = call("POST", "/guardrails/remove", json={**_place(section, at, env), "names": names or [], "reason": reason})
    show(done, f"{done['name']} does not say {', '.join(names) if names else 'anything'} any more", as_json=as_json)


def _place(section: str, at: str, env: str) -> dict[str, str]:
    return {"section": section, "place": at, "environment": env}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter("write each as NAME=VALUE, such as error_ratio=0.2")
    return name, value


def _line(item: dict[str, Any]) -> str:
    end = f"; ended by {item['ended_by']}" if item["ended_at"] else ""
    when = item["set_at"][:16].replace("T", " ")
    set_by = f"version {item['version']}, {item['set_by']}, {when} UTC: {item['reason']}{end}"
    return f"{item['name']}: {item['words']}  ({set_by})"


def _setting(item: dict[str, Any]) -> str:
    where = f"said at {item['place']}{', binding' if item['binding'] else ''}" if item["place"] else "usual"
    return f"{item['section']}.{item['name']} = {item['value']}  ({where})"
