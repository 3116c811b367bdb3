"""Evidence about the audit log on the command line: verify, prove one event, and write the tree as static files."""

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bailiwick.core.checkpoints import Checkpoint, check_growth, check_inclusion, open_checkpoint
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import canonical_json
from bailiwick.core.merkle import leaf_hash
from bailiwick.core.statements import Keyring, SignatureError
from bailiwick.core.tiles import HASH_BYTES, Tile, tiles_of
from bailiwick.faces.cli.client import call, fail, fetch, show
from bailiwick.faces.cli.options import Json

Key = Annotated[str, typer.Option(help="the installation's public audit key, in base64")]
_UNKNOWN_KEY = "the key came from the one who is checked: compare it with the published one, or give --key"


def verify(
    export_file: Annotated[Path | None, typer.Option("--export", help="a file that audit export wrote")] = None,
    since: Annotated[
        Path | None, typer.Option(help="a checkpoint from before; kept here, and replaced when all is well")
    ] = None,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Check an export offline, and that the log only grew since a checkpoint. Exit code 0 when it is intact.

    Examples: bailiwick audit verify --export audit.ndjson --key KEY; bailiwick audit verify --since seen.json --key KEY
    """
    if export_file is None and since is None:
        fail({"title": "nothing to check", "hint": "give --export FILE, --since FILE, or both"})
    if export_file is not None:
        _verify_export(export_file, since, key, as_json=as_json)
    elif since is not None:
        _verify_growth(since, key, as_json=as_json)


def _verify_export(export_file: Path, since: Path | None, key: str, *, as_json: bool) -> None:
    from bailiwick.control.audit import verify_export  # noqa: PLC0415 - loads the database's libraries

    try:
        with export_file.open("rb") as lines:
            result = verify_export(lines, key, _remembered(since))
    except (BailiwickError, OSError) as fault:
        _fault(fault)
    if since is not None and result.newest is not None:
        _remember(since, result.newest)
    value = {"intact": result.intact, "events": result.events, "checkpoints": result.checkpoints,
             "expired": result.expired,
             "problem": result.problem, "place": result.place, "key": result.key_id}  # fmt: skip
    good = f"intact: {result.events} events, {result.checkpoints} checkpoints, signed by {result.key_id}"
    if result.expired:
        has = "has" if result.expired == 1 else "have"
        good += f"\n{result.expired} of the events {has} no content any more: the log says that retention had ended"
    if result.intact and not key:
        good += f"\n{_UNKNOWN_KEY}"
    show(value, good if result.intact else f"NOT INTACT: {result.problem}", as_json=as_json)
    raise typer.Exit(0 if result.intact else 1)


def _verify_growth(since: Path, key: str, *, as_json: bool) -> None:
    answer, newer, ring = _latest(key)
    remembered = _remembered(since)
    older: Checkpoint | None = None
    try:
        if remembered is not None:
            older = open_checkpoint(remembered, ring)
            proof = _growth_proof(older, newer)
            check_growth(older, newer, proof)
    except BailiwickError as fault:
        show(
            {"intact": False, "problem": fault.message}, f"NOT INTACT: {fault.message}\n  {fault.hint}", as_json=as_json
        )
        raise typer.Exit(1) from fault
    _remember(since, answer["envelope"])
    value = {"intact": True, "events": newer.size, "since": older.size if older else None}
    words = (
        f"intact: the {older.size} events signed at {older.time:%Y-%m-%d %H:%M:%S} are the first of {newer.size} now"
        if older
        else f"nothing was remembered in {since} yet; now it is: {newer.size} events. The next check compares with it"
    )
    show(value, words + ("" if key else f"\n{_UNKNOWN_KEY}"), as_json=as_json)


def _growth_proof(older: Checkpoint, newer: Checkpoint) -> list[str]:
    if older.size > newer.size:
        return []
    asked = {"first": older.size, "second": newer.size}
    return list(call("GET", "/audit/proof/consistency", params=asked)["hashes"])


def prove(
    sequence: Annotated[int, typer.Argument(min=0, help="the event's place in the log")],
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Fetch an event with its proof, and check it here. Example: bailiwick audit prove 42 --key KEY."""
    answer, checkpoint, _ = _latest(key)
    found = call("GET", f"/audit/events/{sequence}")
    try:
        if sequence >= checkpoint.size:
            check_inclusion(checkpoint, sequence, b"", [])
        asked = {"sequence": sequence, "size": checkpoint.size}
        proof = call("GET", "/audit/proof/inclusion", params=asked)["hashes"]
        # Made here from the event's own words: a leaf that the server names would prove nothing about them.
        leaf = leaf_hash(canonical_json(found["event"]))
        check_inclusion(checkpoint, sequence, leaf, proof)
    except BailiwickError as fault:
        _fault(fault)
    value = {"sequence": sequence, "event": found["event"], "leaf": leaf.hex(), "proof": proof,
             "checkpoint": answer["envelope"]}  # fmt: skip
    words = (
        f"proved: event {sequence} is in the log of {checkpoint.size} events signed at"
        f" {checkpoint.time:%Y-%m-%d %H:%M:%S}\n  {found['event']['actor']} {found['event']['action']}"
        f" {found['event']['resource']}\n  leaf {leaf.hex()}\n  {len(proof)} hashes lead to root {checkpoint.root}"
    )
    show(value, words + ("" if key else f"\n{_UNKNOWN_KEY}"), as_json=as_json)


def tiles(
    out: Annotated[Path, typer.Option(help="the folder to write into, or to bring up to date")],
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Write the log's tree as static files (C2SP tlog-tiles), only what is new. Example: audit tiles --out tree."""
    answer, checkpoint, _ = _latest(key)
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for tile in tiles_of(checkpoint.size):
        target = out / "tile" / tile.path
        if target.exists() and target.stat().st_size == tile.width * HASH_BYTES:
            continue
        _write(target, _tile_bytes(tile))
        written += 1
    _write(out / "checkpoint.json", json.dumps(answer["envelope"]).encode())
    # Last, as whoever reads it may ask for every tile that it covers.
    _write(out / "checkpoint", answer["note"].encode())
    value = {"tiles": written, "size": checkpoint.size, "verifier_key": answer["verifier_key"]}
    words = f"wrote {written} tiles of {checkpoint.size} events; verify with {answer['verifier_key']}"
    show(value, words, as_json=as_json)


def _tile_bytes(tile: Tile) -> bytes:
    content = fetch(f"/audit/tile/{tile.path}")
    if len(content) != tile.width * HASH_BYTES:
        fail({"title": f"tile {tile.path} came in {len(content)} bytes", "hint": "try again"})
    return content


def _latest(key: str) -> tuple[dict[str, Any], Checkpoint, Keyring]:
    """Return the newest checkpoint as the API gave it, what it says, and the key that it was checked with."""
    answer = call("GET", "/audit/checkpoint")
    try:
        ring = Keyring.of([key or answer["public_key"]])
        return answer, open_checkpoint(answer["envelope"], ring), ring
    except SignatureError as fault:
        _fault(fault)


def _remembered(since: Path | None) -> dict[str, object] | None:
    if since is None or not since.exists():
        return None
    try:
        found = json.loads(since.read_text())
    except (OSError, ValueError) as fault:
        fail({"title": f"{since} cannot be read as a checkpoint: {fault}", "hint": "give the file that a check wrote"})
    if not isinstance(found, dict):
        fail({"title": f"{since} is no checkpoint", "hint": "give the file that a check wrote"})
    return dict(found)


def _remember(since: Path, envelope: object) -> None:
    _write(since, json.dumps(envelope).encode())


def _write(target: Path, content: bytes) -> None:
    """Write a file whole at once, so that nobody serves or reads half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    unfinished.write_bytes(content)
    unfinished.replace(target)


def _fault(fault: BailiwickError | OSError) -> NoReturn:
    fail({"title": str(fault), "hint": getattr(fault, "hint", "")})


def register(app: typer.Typer) -> None:
    """Add the verbs to `bailiwick audit`."""
    for verb in (verify, prove, tiles):
        app.command()(verb)
