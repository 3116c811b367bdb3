"""`bailiwick backup` and `bailiwick restore`: the control plane in one file, and back."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bailiwick.faces.cli.client import fail, show
from bailiwick.faces.cli.operator import Config, explaining, load_settings, operator
from bailiwick.faces.cli.options import Json

if TYPE_CHECKING:
    from bailiwick.control.backup import Checked, Manifest, Source
    from bailiwick.control.settings import ControlSettings

Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="a file with what the vault's key is wrapped by")
]


def backup(
    file: Annotated[Path, typer.Argument(help="the backup, which must not exist yet")],
    config: Config,
    passphrase_file: Passphrase = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="leave the vault's key out: you keep a copy of it elsewhere")
    ] = False,
    as_json: Json = False,
) -> None:
    """Back the control plane up, running or not. Example: bailiwick backup monday.bw --config control.yaml
    --passphrase-file passphrase.
    """
    if (passphrase_file is None) != without_key:
        hint = "--passphrase-file FILE takes it along, wrapped; --without-key leaves it out"
        fail({"title": "say what becomes of the vault's key, without which no secret opens", "hint": hint})
    from bailiwick.control.backup import make_backup, read_passphrase  # noqa: PLC0415 - loads the database's libraries
    from bailiwick.core.clock import utc_now  # noqa: PLC0415

    settings = load_settings(config)
    with explaining():
        passphrase = read_passphrase(passphrase_file) if passphrase_file is not None else None
        with _source(settings) as source:
            manifest = make_backup(source, file, passphrase, by=operator(), clock=utc_now)
    words = f"{file}: {_described(manifest)}, signed\n" + (
        "the vault's key is in it, wrapped by the passphrase: keep that elsewhere"
        if passphrase is not None
        else _where_the_key_is(settings)
    )
    show(_value(manifest), words, as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="a backup")],
    config: Config,
    passphrase_file: Passphrase = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="a copy of the vault's key")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="write over the installation that is here")] = False,
    check: Annotated[bool, typer.Option("--check", help="only say whether the backup is whole and genuine")] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into an empty installation, and verify it. Example: bailiwick restore monday.bw --config
    control.yaml --passphrase-file passphrase.
    """
    from bailiwick.control.backup import check_backup, read_passphrase  # noqa: PLC0415
    from bailiwick.control.vault import open_keys  # noqa: PLC0415

    settings = load_settings(config)
    with explaining():
        passphrase = read_passphrase(passphrase_file) if passphrase_file is not None else None
        keys = None if settings.vault_keys.in_state else open_keys(settings.vault_keys, settings.state)
        checked = check_backup(file, passphrase=passphrase, key_file=key_file, keys=keys)
        if check:
            words = f"whole and genuine: {_described(checked.manifest)}"
            show(_value(checked.manifest), words, as_json=as_json)
            return
        value, words = _restore(checked, settings, replace=replace)
    show(value, words, as_json=as_json)
    raise typer.Exit(1 if value["problems"] else 0)


def _restore(checked: "Checked", settings: "ControlSettings", *, replace: bool) -> tuple[dict[str, Any], str]:
    from bailiwick.control.audit import AuditLog  # noqa: PLC0415
    from bailiwick.control.backup import (  # noqa: PLC0415
        Target,
        after_restore,
        require_empty,
        require_stopped,
    )
    from bailiwick.control.backup import restore as put_back  # noqa: PLC0415
    from bailiwick.control.vault import open_vault  # noqa: PLC0415
    from bailiwick.core.clock import utc_now  # noqa: PLC0415
    from bailiwick.store import Store  # noqa: PLC0415

    target = Target(settings.database_url.get_secret_value(), settings.state)
    require_stopped(target)
    if not replace:
        require_empty(target)
    put_back(checked, target, utc_now)
    store = Store.connect(target.url)
    try:
        vault = open_vault(settings.vault_keys, settings.state, store, AuditLog(utc_now), utc_now)
        made = f"{checked.manifest.made:%Y-%m-%dT%H:%M:%SZ}"
        outcome = after_restore(store, vault, settings.state, by=operator(), made=made, clock=utc_now)
    finally:
        store.dispose()
    lines = [
        f"restored {_described(checked.manifest)}",
        f"audit log: {outcome.events} events; repositories: {outcome.repositories} whole",
        *(f"PROBLEM: {problem}" for problem in outcome.problems),
        "everybody signs in again; start the control plane: bailiwick serve control",
    ]
    value = {
        **_value(checked.manifest),
        "events": outcome.events,
        "repositories": outcome.repositories,
        "problems": list(outcome.problems),
    }
    return value, "\n".join(lines)


def _where_the_key_is(settings: "ControlSettings") -> str:
    if settings.vault_keys.in_state:
        return f"the vault's key is not in it: keep a copy of {settings.state / 'vault.key'} elsewhere"
    return (
        f"the vault's key is not in it: it opens where {settings.vault_keys.present.provider} gives the use of that key"
    )


@contextlib.contextmanager
def _source(settings: "ControlSettings") -> Iterator["Source"]:
    from bailiwick.control.backup import Source  # noqa: PLC0415
    from bailiwick.store import Store  # noqa: PLC0415
    from bailiwick.version import product_version  # noqa: PLC0415

    url = settings.database_url.get_secret_value()
    store = Store.connect(url)
    try:
        yield Source(store, url, settings.state, settings.public_url, product_version(), settings.vault_keys)
    finally:
        store.dispose()


def _described(manifest: "Manifest") -> str:
    size = f"{manifest.bytes / 2**20:.1f} MiB"
    return f"{manifest.public_url} as of {manifest.made:%Y-%m-%d %H:%M} UTC, version {manifest.version}, {size}"


def _value(manifest: "Manifest") -> dict[str, Any]:
    return {
        **manifest.model_dump(mode="json", exclude={"entries", "voucher"}),
        "files": len(manifest.entries),
        "bytes": manifest.bytes,
    }
