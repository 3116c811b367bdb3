"""`bailiwick attest`: checks that a release is what was reviewed and approved, by the rules of a data plane.

With a bundle and a file of keys nothing is asked of any server.
"""

import io
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bailiwick.core.bundle import Bundle, read_layout, verify_bundle
from bailiwick.core.chain import TrustedKeys
from bailiwick.core.chain_words import chain_json, chain_lines
from bailiwick.core.errors import BailiwickError
from bailiwick.core.oci import public_key_pem
from bailiwick.core.statements import SignatureError
from bailiwick.core.trust import read_keys, trusted_at
from bailiwick.faces.cli.client import call, fail, fetch, show

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
_LONGEST_BYTES = 1 << 30
_NOT_CHECKED = 2
_SHOWN = ("tree", "dependencies", "manifest", "reach", "policies", "sandbox", "runtime", "version", "platform")
_THEIR_KEYS = "the keys came from the one who is checked: keep them beside you, and give --keys"
app = typer.Typer(help="What is signed of releases, checked.", no_args_is_help=True)


@app.command()
def verify(
    artifact: Annotated[str, typer.Argument(help="a bundle (tar or folder), a release's id, or an app's path")],
    keys: Annotated[Path | None, typer.Option(help="the keys to trust, from: bailiwick key list --json")] = None,
    of: Annotated[str, typer.Option("--app", help="which app it must be of")] = "",
    as_json: Json = False,
) -> None:
    """Check the chain commit, review, approvals, artefact. Exit code 0 good, 1 forged or broken, 2 not checked.

    Examples: bailiwick attest verify finance/refund-desk; bailiwick attest verify release.tar --keys keys.json
    """
    place = Path(artifact)
    try:
        bundle = _read_folder(place) if place.is_dir() else _read_tar(_content(place, artifact))
        wanted = of or (artifact if "/" in artifact and not place.exists() else "")
        verified = verify_bundle(bundle, _keys(keys), app=wanted)
    except BailiwickError as fault:
        show({"verified": False, "problem": fault.message}, f"NOT VERIFIED: {fault.message}", as_json=as_json)
        raise typer.Exit(1) from fault
    lines = ["verified: what this is was reviewed and approved", *(f"  {line}" for line in chain_lines(verified))]
    lines += [] if keys is not None else [_THEIR_KEYS]
    show({"verified": True, **chain_json(verified)}, "\n".join(lines), as_json=as_json)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="a release's id, or an app's path for what is in production")],
    out: Annotated[Path, typer.Option(help="write into this file")],
) -> None:
    """Write a release with all that is signed of it (an OCI image layout in a tar).

    Example: bailiwick attest export finance/refund-desk --out refund-desk.tar
    """
    content = fetch(f"/release-bundles/{name}")
    _write(out, content)
    typer.echo(f"{out}: {len(content):,} bytes; check it with: bailiwick attest verify {out} --keys keys.json")


@app.command()
def running(
    path: Annotated[str, typer.Argument(help="folder and name of an app")],
    as_json: Json = False,
) -> None:
    """Show what planes attest of an app: that what runs is what was approved. Exit code 1 when something differs.

    Example: bailiwick attest running finance/refund-desk
    """
    found = call("GET", f"/attestations/{path}")
    lines = [line for item in found["attestations"] for line in _attested(item)]
    show(found, "\n".join(lines) or "no plane has attested anything of it yet", as_json=as_json)
    raise typer.Exit(0 if found["attestations"] and all(item["good"] for item in found["attestations"]) else 1)


@app.command("public-key")
def public_key(
    purpose: Annotated[str, typer.Argument(help="review, approval or release")],
    out: Annotated[Path | None, typer.Option(help="write into this file")] = None,
) -> None:
    """Print the newest public key of a purpose as PEM, as cosign wants it.

    Example: bailiwick attest public-key release --out cosign.pub
    """
    found = [key for key in call("GET", "/signing-keys")["keys"] if key["purpose"] == purpose]
    if not found:
        fail({"title": f"no keys sign for '{purpose}'", "hint": "one of: review, approval, release"})
    pem = public_key_pem(found[-1]["public"])
    if out is None:
        typer.echo(pem, nl=False)
    else:
        _write(out, pem.encode())


def _attested(item: dict[str, Any]) -> list[str]:
    word = "as approved" if item["good"] else "NOT RENEWED" if not item["differs"] else "NOT AS APPROVED"
    lines = [f"{word}: {item['mode']} at plane {item['plane']}, {item['release']}, attested {item['time'][:16]}"]
    lines += [f"  differs: {name}" for name in item["differs"]]
    lines += [f"  {name:<13} {item['runs'].get(name, '')}" for name in _SHOWN]
    lines += [f"  changed since the attestation before: {name}, from {old} to {new}; checked again: "
              f"{', '.join(item['checks'])}" for name, (old, new) in item["changed"].items()]  # fmt: skip
    return lines


def _keys(file: Path | None) -> TrustedKeys:
    if file is None:
        found = read_keys(_fetched("/signing-keys"))
    else:
        try:
            found = read_keys(file.read_bytes())
        except OSError as fault:
            _not_checked(f"{file} cannot be read: {fault.strerror}")
        except SignatureError as fault:
            _not_checked(f"{file}: {fault.message}; {fault.hint}")
    return trusted_at(found.keys, datetime.now(UTC))


def _fetched(path: str) -> bytes:
    try:
        return fetch(path)
    except typer.Exit as fault:
        raise typer.Exit(_NOT_CHECKED) from fault


def _content(place: Path, name: str) -> bytes:
    if not place.exists():
        return _fetched(f"/release-bundles/{name}")
    try:
        return place.read_bytes()
    except OSError as fault:
        _not_checked(f"{place} cannot be read: {fault.strerror}")


def _read_folder(folder: Path) -> Bundle:
    return read_layout(_reading(lambda path: (folder / path).read_bytes()))


def _read_tar(content: bytes) -> Bundle:
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:

            def member(path: str) -> bytes:
                found = archive.extractfile(path)
                return found.read(_LONGEST_BYTES) if found is not None else b""

            return read_layout(_reading(member))
    except tarfile.TarError as fault:
        raise SignatureError("this is not a bundle") from fault


def _reading(read: Callable[[str], bytes]) -> Callable[[str], bytes]:
    def reading(path: str) -> bytes:
        try:
            return read(path)
        except (OSError, KeyError) as fault:
            raise SignatureError(f"the bundle has no {path[:80]}") from fault

    return reading


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as fault:
        _not_checked(f"{out} cannot be written: {fault.strerror}")


def _not_checked(words: str) -> NoReturn:
    typer.secho(f"error: {words}", fg="red", err=True)
    raise typer.Exit(_NOT_CHECKED)
