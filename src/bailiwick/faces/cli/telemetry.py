"""`bailiwick telemetry`: every field that leaves, turning one on or off, and what another version would send."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.core.telemetry import Field, Register, own_register, read_register
from bailiwick.faces.cli.client import call, every, fail, show
from bailiwick.faces.cli.options import Json, Reason

app = typer.Typer(help="What leaves this installation, field by field.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="a field, such as fact.holder; bailiwick telemetry list has them")]
Which = Annotated[str, typer.Argument(help="a register file, or a version of this program's own")]


@app.command("list")
def list_fields(
    only_off: Annotated[bool, typer.Option("--off", help="only what does not leave")] = False,
    only_new: Annotated[bool, typer.Option("--new", help="only what came after this installation began")] = False,
    as_json: Json = False,
) -> None:
    """List every field that may leave, what for, and whether it does. Example: bailiwick telemetry list --new."""
    found = [
        item
        for item in every("/telemetry", "fields")
        if not (only_off and item["on"]) and (item["new"] or not only_new)
    ]
    show({"fields": found}, "\n".join(map(_line, found)) or "none", as_json=as_json)


@app.command("on")
def on(name: Name, reason: Reason, as_json: Json = False) -> None:
    """Let a field leave. Example: bailiwick telemetry on fact.cost --reason "the SIEM needs it"."""
    show(call("POST", f"/telemetry/{name}/on", json={"reason": reason}), f"{name} leaves from now on", as_json=as_json)


@app.command("off")
def off(name: Name, reason: Reason, as_json: Json = False) -> None:
    """Keep a field in. Example: bailiwick telemetry off event.client --reason "no addresses in the SIEM"."""
    done = call("POST", f"/telemetry/{name}/off", json={"reason": reason})
    show(done, f"{name} does not leave any more", as_json=as_json)


@app.command("diff")
def diff(old: Which, new: Which, as_json: Json = False) -> None:
    """Say what NEW would send that OLD does not, without a server; ends with 1 when something differs.

    Example: bailiwick telemetry diff 1 2, or: bailiwick telemetry diff old/register.toml new/register.toml.
    """
    found = _register(old).difference(_register(new))
    lines = [f"+ {_told(item)}" for item in found.added] + [f"- {_told(item)}" for item in found.removed]
    lines += [f"~ {_told(after)}; before: {before.data_class}, {before.purpose}" for before, after in found.changed]
    document = {
        "added": [_shown(item) for item in found.added],
        "removed": [_shown(item) for item in found.removed],
        "changed": [_shown(after) for _, after in found.changed],
    }
    show(document, "\n".join(lines) or "both send the same", as_json=as_json)
    if lines:
        raise typer.Exit(1)


def _register(which: str) -> Register:
    if which.isdecimal():
        own = own_register()
        if not 1 <= int(which) <= own.version:
            fail({"title": f"this program's register has versions 1 to {own.version}"})
        return own.as_of(int(which))
    try:
        return read_register(Path(which).read_text())
    except (OSError, UnicodeDecodeError):
        fail({"title": f"{which} cannot be read"})
    except BailiwickError as fault:
        fail({"title": f"{which}: {fault.message}"})


def _line(item: dict[str, Any]) -> str:
    state = "on " if item["on"] else "off"
    new = "  new" if item["new"] else ""
    by = f"  ({item['by']}: {item['reason']})" if item["by"] else ""
    return f"{state}  {item['name']:<36} {item['data_class']:<11} {item['purpose']}{new}{by}"


def _told(item: Field) -> str:
    return f"{item.name}  {item.data_class}, {item.purpose}"


def _shown(item: Field) -> dict[str, Any]:
    return {"name": item.name, "data_class": item.data_class, "purpose": item.purpose, "since": item.since}
