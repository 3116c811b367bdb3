"""`bailiwick reviewers`: what independent reviewers say of an app's newest tree."""

from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, show


def reviewers(
    app: Annotated[str, typer.Argument(help="the app's path")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show what models that did not write an app say of it. Example: bailiwick reviewers finance/refund-desk."""
    found = call("GET", f"/reviewers/{app}")
    show(found, "\n".join(_lines(found)), as_json=as_json)


def _lines(found: dict[str, Any]) -> list[str]:
    if found["mode"] == "off" or not found["models"]:
        said = "reviewers are off" if found["mode"] == "off" else "no model is configured to review"
        return [f"{said} in the settings; nobody independent has read tree {found['tree'][:12]}"]
    reading = found["reading"]
    if reading is None:
        return [f"{', '.join(found['models'])} have not begun with tree {found['tree'][:12]}"]
    lines = [
        f"tree {found['tree'][:12]}: {reading['state']}, {reading['done']} of {reading['total']} questions answered"
    ]
    for lens in reading["lenses"]:
        lines.append(f"  {lens['lens']:<11} {lens['route']:<20} {lens['inconclusive'] or _faults(lens['found'])}")
        lines += [
            f"    {item['told']['path']}:{item['told']['line']}  {item['weight']}: {item['told']['fault']}"
            f" ({item['words']})"
            for item in lens["found"]
        ]
    return lines


def _faults(found: list[Any]) -> str:
    return "nothing found" if not found else f"{len(found)} fault{'' if len(found) == 1 else 's'}"
