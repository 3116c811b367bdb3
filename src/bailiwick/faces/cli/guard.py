"""`bailiwick guard`: try the automatic kill switch on what happened, before it is told to act so."""

import json
import sys
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from pydantic import ValidationError

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.guardrails import Guardrails, checked_values
from bailiwick.faces.cli.client import fail
from bailiwick.faces.cli.options import Json

if TYPE_CHECKING:
    from bailiwick.dataplane.guard.replay import Found

app = typer.Typer(help="The automatic kill switch, tried on a trace.", no_args_is_help=True)
_MOST_SETTINGS_BYTES = 64 * 1024


@app.callback()
def group() -> None:
    """Keep `replay` a verb of its own."""


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines, oldest first; - reads them from standard input")],
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="guardrails in TOML: a table for each section; usual values without"),
    ] = None,
    again: Annotated[float, typer.Option(min=0, help="watch what was stopped afresh after so many seconds")] = 300,
    as_json: Json = False,
) -> None:
    """Say when which rule would have tripped. Example: bailiwick guard replay week.jsonl --settings strict.toml."""
    from bailiwick.dataplane.guard.replay import Replay  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    try:
        opened = nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
        with opened as source:
            for item in Replay(_rails(settings), again).run(_lines(source)):
                shown = _shown(item)
                if as_json:
                    found.append(shown)
                else:
                    _print(shown, first=not found)
                    found = [shown]
    except InvalidInputError as fault:
        fail(fault.problem())
    except OSError as fault:
        fail({"title": f"{file} cannot be read: {fault.strerror}"})
    if as_json:
        sys.stdout.write(json.dumps({"trips": found}, indent=2) + "\n")
    elif not found:
        sys.stdout.write("nothing would have been stopped\n")


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines, none of them longer than may be looked at."""
    from bailiwick.dataplane.guard.replay import MOST_LINE_BYTES  # noqa: PLC0415

    while line := source.readline(MOST_LINE_BYTES + 1):
        yield line


def _rails(settings: Path | None) -> Guardrails:
    if settings is None:
        return Guardrails()
    raw = settings.read_bytes()
    if len(raw) > _MOST_SETTINGS_BYTES:
        raise InvalidInputError(f"{settings} is larger than {_MOST_SETTINGS_BYTES // 1024} KiB")
    try:
        tables = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise InvalidInputError(f"{settings} is no TOML: {fault}") from None
    said = {}
    for section, values in tables.items():
        if not isinstance(values, dict):
            raise InvalidInputError(f"{settings}: '{section[:60]}' is no table", hint="write [errors] above its values")
        said[section] = checked_values(section, values)
    try:
        return Guardrails.model_validate(said)
    except ValidationError as fault:
        raise InvalidInputError(f"{settings}: {fault.errors(include_url=False)[0]['msg']}") from None


def _shown(item: "Found") -> dict[str, Any]:
    return {
        "line": item.line,
        "time": datetime.fromtimestamp(item.seconds, UTC).isoformat(timespec="milliseconds"),
        "app": item.app,
        "stops": item.stops.written,
        **asdict(item.trip),
    }


def _print(shown: dict[str, Any], *, first: bool) -> None:
    if first:
        sys.stdout.write(f"{'line':>8}  {'time (UTC)':<23}  {'stops':<32}  {'rule':<14}  why\n")
    time = shown["time"][:23].replace("T", " ")
    mark = " (security)" if shown["security"] else ""
    sys.stdout.write(
        f"{shown['line']:>8}  {time:<23}  {shown['stops']:<32}  {shown['rule']:<14}  {shown['words']}{mark}\n"
    )
