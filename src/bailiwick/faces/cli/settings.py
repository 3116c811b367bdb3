"""`bailiwick settings`: what the control plane's settings come to, and their signed history."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.faces.cli.client import fail, show
from bailiwick.faces.cli.operator import Config, explaining, load_settings
from bailiwick.faces.cli.options import Json

if TYPE_CHECKING:
    from bailiwick.control.declared import History, SettingsVersion

app = typer.Typer(help="The control plane's settings, on its host.", no_args_is_help=True)
Version = Annotated[int | None, typer.Argument(help="the number of a version; the newest when none is given")]

Plane = Annotated[str, typer.Option(help="a data plane's name; the control plane without it")]


@app.command("show")
def show_settings(config: Config, as_json: Json = False) -> None:
    """Show what file and environment come to; secrets by name only. Example: bailiwick settings show."""
    from bailiwick.control.declared import effective  # noqa: PLC0415

    found = effective(load_settings(config))
    show(found, "\n".join(f"{name} = {value}" for name, value in found.items()), as_json=as_json)


@app.command()
def history(config: Config, plane: Plane = "", as_json: Json = False) -> None:
    """List the versions that were recorded at starts, of the control plane or of a data plane.

    Example: bailiwick settings history --plane production --config control.yaml
    """
    found = _of_plane(_histories(config), plane)
    lines = [
        f"{item.sequence:>4}  {item.time:%Y-%m-%d %H:%M} UTC  {item.by}  Bailiwick {item.product}"
        f"  changes: {len(found.changes(item.sequence))}"
        for item in found.versions
    ]
    value = {"versions": [item.model_dump(mode="json") for item in found.versions], "problem": found.problem}
    show(value, "\n".join([*lines, *([f"NOT INTACT: {found.problem}"] if found.problem else [])]), as_json=as_json)


@app.command()
def diff(config: Config, version: Version = None, as_json: Json = False) -> None:
    """Show what the file says now against a version. Exit code 1 when they differ.

    Example: bailiwick settings diff 3 --config control.yaml
    """
    from bailiwick.control.declared import differences, effective  # noqa: PLC0415

    recorded = _version(_histories(config)[""], version)
    moved = differences(recorded.settings, effective(load_settings(config)))
    lines = [f"{item.name}: {item.before or 'nothing'} → {item.after or 'nothing'}" for item in moved]
    value = [{"name": item.name, "before": item.before, "after": item.after} for item in moved]
    good = f"no setting differs from version {recorded.sequence}"
    show({"version": recorded.sequence, "changes": value}, "\n".join(lines) or good, as_json=as_json)
    raise typer.Exit(1 if moved else 0)


@app.command()
def verify(config: Config, as_json: Json = False) -> None:
    """Check that every version, data planes' too, is signed and that none is missing. Exit code 0 when all is well."""
    found = _histories(config)
    problems = [f"{name}: {item.problem}" if name else item.problem for name, item in found.items() if item.problem]
    versions = sum(len(item.versions) for item in found.values())
    value = {"intact": not problems, "versions": versions, "problem": "; ".join(problems)}
    show(value, f"NOT INTACT: {'; '.join(problems)}" if problems else f"intact: {versions} versions", as_json=as_json)
    raise typer.Exit(1 if problems else 0)


def _version(found: "History", sequence: int | None) -> "SettingsVersion":
    wanted = len(found.versions) if sequence is None else sequence
    if not 1 <= wanted <= len(found.versions):
        fail({"title": f"there is no version {wanted}", "hint": "bailiwick settings history lists them"})
    return found.versions[wanted - 1]


def _of_plane(found: Mapping[str, "History"], plane: str) -> "History":
    if plane not in found:
        known = ", ".join(filter(None, found)) or "none yet"
        fail({"title": f"no data plane '{plane[:60]}' told its settings", "hint": f"there are: {known}"})
    return found[plane]


def _histories(config: Path) -> dict[str, "History"]:
    """Return the versions of the control plane (without a name) and of each data plane."""
    from bailiwick.control.audit import AuditLog  # noqa: PLC0415
    from bailiwick.control.declared import planes_recorded, read_history  # noqa: PLC0415
    from bailiwick.control.vault import open_vault  # noqa: PLC0415
    from bailiwick.core.clock import utc_now  # noqa: PLC0415
    from bailiwick.store import Store  # noqa: PLC0415

    settings = load_settings(config)
    store = Store.connect(settings.database_url.get_secret_value())
    try:
        with explaining(), store.transaction() as session:
            vault = open_vault(settings.vault_keys, settings.state, store, AuditLog(utc_now), utc_now)
            key = vault.signing_key(session, "settings").public_text
            return {name: read_history(session, key, name) for name in ("", *planes_recorded(session))}
    finally:
        store.dispose()
