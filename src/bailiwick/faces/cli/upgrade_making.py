"""`bailiwick upgrade make-key` and `make-bundle`: for whoever releases Bailiwick, not for who runs it."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bailiwick.core.errors import InvalidInputError
from bailiwick.core.statements import SigningKey
from bailiwick.faces.cli.client import show
from bailiwick.faces.cli.operator import explaining
from bailiwick.faces.cli.options import Json
from bailiwick.files import write_private

if TYPE_CHECKING:
    from bailiwick.control.upgrades import Release


def make_key(
    out: Annotated[Path, typer.Argument(help="write the private key into this file, which only you may read")],
) -> None:
    """Make a key that signs releases of Bailiwick; print its public half, which installations pin.

    Example: bailiwick upgrade make-key release-1.key
    """
    with explaining():
        if out.exists():
            raise InvalidInputError(f"{out} is there already", hint="a key is never written over: name another file")
        key = SigningKey.generate()
        write_private(out, base64.b64encode(key.to_raw()).decode())
    typer.echo(key.public_text)


def make_bundle(
    wheel: Annotated[Path, typer.Argument(help="the built wheel of Bailiwick", exists=True, dir_okay=False)],
    previous: Annotated[Path, typer.Option(help="the wheel before it, or a folder of its code", exists=True)],
    lock: Annotated[Path, typer.Option(help="the lock file that it was tested with", exists=True, dir_okay=False)],
    key: Annotated[list[Path], typer.Option(help="a file that make-key wrote; more than once for several")],
    out: Annotated[Path, typer.Option(help="write the bundle into this file")],
    bring: Annotated[list[Path] | None, typer.Option(help="a wheel of another package that comes along")] = None,
    days: Annotated[int, typer.Option(help="how long it may be taken", min=1, max=3650)] = 90,
    from_version: Annotated[str, typer.Option(help="the oldest version that it is taken from")] = "0.0",
    notes: Annotated[str, typer.Option(help="what whoever runs it should know")] = "",
    as_json: Json = False,
) -> None:
    """Make a signed bundle for upgrades without network. What is new (settings, migrations, telemetry) is found by
    comparing with the version before.

    Example: bailiwick upgrade make-bundle dist/bailiwick-0.3.0-py3-none-any.whl --previous dist/bailiwick-0.2.0.whl
    --lock requirements.lock --key release-1.key --key release-2.key --out bailiwick-0.3.0.bundle
    """
    from bailiwick.control.upgrades import release_of, write_bundle  # noqa: PLC0415
    from bailiwick.core.clock import utc_now  # noqa: PLC0415

    brings = bring or []
    with explaining():
        keys = [_key(file) for file in key]
        release = release_of(
            wheel, lock=lock, previous=previous, brings=brings, now=utc_now(), days=days,
            from_version=from_version, notes=notes,
        )  # fmt: skip
        write_bundle(out, release, [wheel, *brings], keys)
    show(release.model_dump(mode="json", exclude={"requirements"}), "\n".join(_told(release, out)), as_json=as_json)


def _told(release: "Release", out: Path) -> list[str]:
    parts = {"settings": release.settings, "migrations": release.migrations, "telemetry": release.telemetry}
    new = [f"new {name}: {', '.join(item.name for item in found) or 'none'}" for name, found in parts.items()]
    return [f"{out}: Bailiwick {release.version}, to be taken until {release.expires:%Y-%m-%d}", *new]


def _key(file: Path) -> SigningKey:
    """Return a key that `make-key` wrote; what is in the file is never shown."""
    try:
        return SigningKey.from_raw(base64.b64decode(file.read_text().strip(), validate=True))
    except OSError as fault:
        raise InvalidInputError(f"{file} cannot be read: {fault.strerror}") from None
    except (ValueError, binascii.Error):
        raise InvalidInputError(f"{file} holds no key", hint="bailiwick upgrade make-key writes one") from None
