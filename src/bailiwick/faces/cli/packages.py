"""`bailiwick packages`: a copy of the organisation's package index, made from dumps; no network is needed.

Where somebody is signed in, an import goes to the server too, whose reviews decide; this machine's own copy is what
`bailiwick review` reads.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.faces.cli.client import call, fail, show
from bailiwick.faces.cli.exports import signed_in, zipped
from bailiwick.faces.cli.options import Json

Local = Annotated[bool, typer.Option("--local", help="only this machine's copy, not the server's")]
_FILE = Path("~/.local/share/bailiwick/index.sqlite")
_ENDINGS = (".json", ".jsonl", ".ndjson")
app = typer.Typer(help="What the organisation's index has and says of packages.", no_args_is_help=True)


def copy_of_index() -> Path:
    """Return where this machine keeps its copy of the index."""
    return Path(os.environ.get("BAILIWICK_INDEX", str(_FILE))).expanduser()


@app.command("import-index")
def import_index(
    dumps: Annotated[list[Path], typer.Argument(exists=True, help="JSON lines, JSON files, folders or zip files")],
    add: Annotated[bool, typer.Option("--add", help="add to what is there; say nothing of other packages")] = False,
    made: Annotated[
        datetime | None, typer.Option(help="the day the dump was taken (UTC), where it does not say that itself")
    ] = None,
    local: Local = False,
    as_json: Json = False,
) -> None:
    """Import what the index has and says of packages. Example: bailiwick packages import-index dump.jsonl.

    Taken are lines of JSON (docs/reference/packages.md says which) and what indexes answer: simple JSON (PEP 691,
    700, 792), PyPI's JSON API and npm's packuments. What a dump has of an ecosystem is all that the index has of it, so
    that other names are unknown; with --add it adds to what is there.
    """
    from bailiwick.control.review import IndexUnusableError  # noqa: PLC0415 - slow to load
    from bailiwick.control.review import import_index as run  # noqa: PLC0415

    taken_at = made.replace(tzinfo=UTC) if made else None
    try:
        imported = run(dumps, copy_of_index(), datetime.now(UTC), adds=add, made=taken_at)
    except IndexUnusableError as fault:
        fail({"title": fault.message, "hint": fault.hint})
    told = _send(dumps, add=add, made=taken_at) if signed_in() and not local else None
    said = {"taken": imported.taken, "unreadable": imported.unreadable}
    lines = [f"{imported.taken:,} packages taken, {imported.unreadable:,} records unreadable: {copy_of_index()}"]
    lines += ["the server has taken them too"] if told is not None else []
    show({**said, "copy": str(copy_of_index()), "server": told}, "\n".join(lines), as_json=as_json)


@app.command("show")
def show_(local: Local = False, as_json: Json = False) -> None:
    """Show what there is and how old it is. Example: bailiwick packages show."""
    found = _local() if local or not signed_in() else call("GET", "/package-index")
    lines = [
        f"{item['ecosystem']:<6} {item['packages']:>9,} packages in {item['versions']:,} versions, {item['days_old']} "
        f"days old{' (stale)' if item['stale'] else ''}; imported {item['imported'][:10]} from {item['file']}"
        f"{'' if item['whole'] else '; not all that the index has'}"
        for item in found["sources"]
    ]
    nothing = "none: nobody knows what the index has and says; bailiwick packages import-index FILE"
    show(found, "\n".join(lines) or nothing, as_json=as_json)


def _local() -> dict[str, Any]:
    from bailiwick.control.review import IndexUnusableError, PackagePolicy, open_index  # noqa: PLC0415

    stale_days = PackagePolicy().index_stale_days
    if not copy_of_index().exists():
        return {"sources": [], "stale_days": stale_days}
    try:
        with open_index(copy_of_index()) as index:
            sources = index.sources
    except IndexUnusableError as fault:
        fail({"title": fault.message, "hint": fault.hint})
    now = datetime.now(UTC)
    shown = [
        {"ecosystem": item.ecosystem, "packages": item.packages, "versions": item.versions,
         "made": item.made.isoformat(), "imported": item.imported.isoformat(), "file": item.file,
         "sha256": item.sha256, "whole": item.whole, "days_old": max((now - item.made).days, 0),
         "stale": (now - item.made).days > stale_days}
        for item in sources
    ]  # fmt: skip
    return {"sources": shown, "stale_days": stale_days}


def _send(dumps: list[Path], *, add: bool, made: datetime | None) -> Any:
    with zipped(dumps, _ENDINGS) as content:
        return call(
            "POST", "/package-index", content=content, headers={"Content-Type": "application/zip"}, timeout=900,
            params={"adds": str(add).lower(), **({"made": made.isoformat()} if made else {})},
        )  # fmt: skip
