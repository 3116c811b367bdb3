"""`bailiwick doctor`: what this host can do, and what is missing."""

import os
import stat
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.core.errors import BailiwickError
from bailiwick.faces.cli.client import show
from bailiwick.faces.cli.host_checks import Check, State, host_checks
from bailiwick.faces.cli.network_checks import ask_planes, network_check
from bailiwick.faces.cli.operator import load_settings
from bailiwick.faces.cli.options import Json

if TYPE_CHECKING:
    from bailiwick.control.settings import ControlSettings

_LEAST_POSTGRESQL = 15


def doctor(
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="BAILIWICK_CONFIG", help="look at these settings and their database, too"),
    ] = None,
    state: Annotated[Path, typer.Option(help="the state directory, where no settings are given")] = Path(),
    networks: Annotated[
        bool, typer.Option("--networks", help="ask the control plane whether the networks of planes are apart, instead")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what this host can do and what is missing. Exit code 1 when something is. Example: bailiwick doctor."""
    planes = ask_planes() if networks else []
    checks = [network_check(plane) for plane in planes] if networks else _of_host(config, state)
    missing = [check for check in checks if check.state is State.MISSING]
    lines = [line for check in checks for line in _lines(check)]
    lines.append(f"{len(missing)} missing" if missing else "nothing is missing")
    value = {"good": not missing, "checks": [asdict(check) for check in checks], "planes": planes}
    show(value, "\n".join(lines), as_json=as_json)
    raise typer.Exit(1 if missing else 0)


def _of_host(config: Path | None, state: Path) -> list[Check]:
    if config is None:
        return host_checks(state)
    settings = load_settings(config)
    found = host_checks(settings.state)
    return [*found, _settings(config), _database(settings.database_url.get_secret_value()), _keys(settings)]


def _lines(check: Check) -> list[str]:
    line = f"{check.state.value:<8} {check.name}: {check.words}"
    return [line, f"         {check.hint}"] if check.hint else [line]


def _settings(config: Path) -> Check:
    """Look whether others may read what may hold the database's password."""
    if stat.S_IMODE(config.stat().st_mode) & 0o077:
        return Check("settings", State.WEAK, f"{config} may be read by others than its owner", f"chmod 600 {config}")
    return Check("settings", State.GOOD, f"{config} is its owner's only")


def _database(url: str) -> Check:
    from bailiwick.store.dump import schema_version, server_version  # noqa: PLC0415 - loads the database's libraries

    try:
        version, schema = server_version(url), schema_version(url)
    except BailiwickError as fault:
        return Check("database", State.MISSING, fault.message, fault.hint)
    words = f"PostgreSQL {version}, schema {schema or 'not made yet'}"
    if int(version.split(".")[0]) < _LEAST_POSTGRESQL:
        return Check("database", State.MISSING, words, f"use PostgreSQL {_LEAST_POSTGRESQL} or newer")
    return Check("database", State.GOOD, words)


def _keys(settings: "ControlSettings") -> Check:
    """Try whether the company's key wraps and unwraps; nothing of it is kept."""
    from bailiwick.control.vault import KEY_BYTES, open_keys  # noqa: PLC0415

    if settings.vault_keys.in_state and not (settings.state / "vault.key").exists():
        return Check("keys", State.GOOD, "local-file: vault.key is made at the first start")
    try:
        ring, probe = open_keys(settings.vault_keys, settings.state), os.urandom(KEY_BYTES)
        ring.present()  # a key is not made only to be looked at
        wrapped = ring.wrap(probe, "doctor")
        if ring.unwrap(wrapped, "doctor") != probe:
            return Check("keys", State.MISSING, f"{ring.kind} gives back another key than it was given", "replace it")
    except BailiwickError as fault:
        return Check("keys", State.MISSING, fault.message, fault.hint)
    return Check("keys", State.GOOD, f"{wrapped.kek_id} wraps and unwraps")
