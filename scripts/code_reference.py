"""Writes the pages of docs/reference that are made from the code: commands, API, settings, policies, events, fields."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from unittest.mock import MagicMock

from pydantic import BaseModel
from typer.main import get_command

from bailiwick.control.settings import ControlSettings
from bailiwick.core.telemetry import own_register
from bailiwick.dataplane.settings import DataPlaneSettings
from bailiwick.faces.api.app import build_api
from bailiwick.faces.cli.main import root

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "reference"
_MADE = "\nThis page is made from the code by `python -m scripts.code_reference`.\n"
_POLICY = re.compile(r'@id\("([^"]+)"\)\s*@reason\("([^"]+)"\)\s*(permit|forbid)')
_ACTION = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*")


def commands() -> str:
    """Return every command of the command line, with its first sentence and its options."""
    lines = ["# Commands", _MADE]
    for path, command in _walk(get_command(root), "bailiwick"):
        options = [
            f"`{max(item.opts, key=len)}`"
            for item in command.params
            if item.param_type_name == "option" and not item.hidden
        ]
        arguments = " ".join(str(item.name).upper() for item in command.params if item.param_type_name == "argument")
        first = (command.help or "").strip().split("\n")[0].split(". ")[0].rstrip(".")
        lines.append(f"- `{f'{path} {arguments}'.strip()}`: {_text(first)}. {_listed(options)}".rstrip())
    return "\n".join(lines) + "\n"


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name in sorted(command.commands):
            yield from _walk(command.commands[name], f"{path} {name}")
    elif not command.hidden:
        yield path, command


def _listed(options: list[str]) -> str:
    shown = [item for item in options if item != "`--help`"]
    return f"Options: {', '.join(shown)}." if shown else ""


def api() -> str:
    """Return every call of the API."""
    lines = [
        "# HTTP API",
        _MADE,
        "Each call takes a bearer token (`bailiwick login`). The whole is at `/api/openapi.json`.\n",
    ]
    lines += ["| call | answers |", "|---|---|"]
    control = MagicMock()
    control.settings.public_url = "https://bailiwick.example.com"
    described = build_api(control).openapi()
    for path, verbs in sorted(described["paths"].items()):
        for verb, call in sorted(verbs.items()):
            summary = call.get("summary", "")
            lines.append(f"| `{verb.upper()} /api{path}` | {_text(summary)} |")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Return every setting of the control plane and of a data plane."""
    lines = ["# Settings", _MADE]
    for title, model in (("Control plane", ControlSettings), ("Data plane", DataPlaneSettings)):
        lines += [f"\n## {title}\n", "| setting | type | usually |", "|---|---|---|", *_fields(model, "")]
    return "\n".join(lines) + "\n"


def _fields(model: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, f"{before}{name}.")
            continue
        written = _kind(kind)
        default = "must be said" if field.is_required() else _default(field.get_default(call_default_factory=False))
        yield f"| `{before}{name}` | `{_text(written[:90])}` | {default} |"


def _kind(kind: Any) -> str:
    """Return a type as a person writes it, without what is demanded of its values."""
    if get_origin(kind) is Annotated:
        return _kind(get_args(kind)[0])
    if not get_args(kind):
        return getattr(kind, "__name__", str(kind))
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    inside = [_kind(item) for item in get_args(kind) if item is not Ellipsis]
    if get_origin(kind) in {Union, UnionType}:
        return " or ".join("nothing" if item == "NoneType" else item for item in inside)
    return f"{getattr(get_origin(kind), '__name__', '')} of {', '.join(inside)}"


def _default(value: Any) -> str:
    plain = isinstance(value, str | int | float | bool) and value not in {"", None}
    return f"`{_text(str(value)[:60])}`" if plain else "nothing"


def policies() -> str:
    """Return every policy that an installation starts with."""
    text = (ROOT / "src/bailiwick/core/policy/policies.cedar").read_text()
    lines = ["# Built-in policies", _MADE, "| policy | does | in words |", "|---|---|---|"]
    lines += [f"| `{name}` | {effect} | {_text(reason)} |" for name, reason, effect in _POLICY.findall(text)]
    return "\n".join(lines) + "\n"


def events() -> str:
    """Return every action that the audit log can hold, with the part of the product that writes it."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / "src" / "bailiwick").rglob("*.py")):
        for action in _noted(ast.parse(file.read_text())):
            found.setdefault(action, set()).add(".".join(file.relative_to(ROOT / "src" / "bailiwick").parts[:2]))
    lines = ["# Audit events", _MADE, "| action | written by |", "|---|---|"]
    lines += [
        f"| `{action}` | {', '.join(sorted(places)).replace('.py', '')} |" for action, places in sorted(found.items())
    ]
    return "\n".join(lines) + "\n"


def _noted(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        told = [item.value for item in call.keywords if item.arg == "action"]
        said = (
            [*call.args, *told]
            if name.lstrip("_").startswith("note")
            else told
            if name in {"AuditEvent", "event"}
            else []
        )
        for node in (inner for item in said for inner in ast.walk(item)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACTION.fullmatch(node.value):
                yield node.value


def telemetry() -> str:
    """Return every field that can leave."""
    lines = ["# Telemetry fields", _MADE, "| field | class | at first | why |", "|---|---|---|---|"]
    for name, field in sorted(own_register().fields.items()):
        state = "always" if field.required else "off" if field.off else "on"
        lines.append(f"| `{name}` | {field.data_class} | {state} | {_text(field.purpose)} |")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": commands,
    "api.md": api,
    "settings.md": settings,
    "built-in-policies.md": policies,
    "events.md": events,
    "telemetry-fields.md": telemetry,
}

if __name__ == "__main__":
    for page, made in PAGES.items():
        (TARGET / page).write_text(made())
