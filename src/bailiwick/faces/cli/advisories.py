"""`bailiwick advisories`: what is publicly known of packages, imported from files; no network is needed.

Where somebody is signed in, an import goes to the server too, whose reviews decide; this machine's own database is what
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

Local = Annotated[bool, typer.Option("--local", help="only this machine's database, not the server's")]
_FILE = Path("~/.local/share/bailiwick/advisories.sqlite")
app = typer.Typer(help="What is publicly known of packages.", no_args_is_help=True)


def database() -> Path:
    """Return where this machine keeps its advisories."""
    return Path(os.environ.get("BAILIWICK_ADVISORIES", str(_FILE))).expanduser()


@app.command("import")
def import_(
    exports: Annotated[list[Path], typer.Argument(exists=True, help="OSV exports: zip files, folders, JSON files")],
    local: Local = False,
    as_json: Json = False,
) -> None:
    """Import OSV exports. Example: bailiwick advisories import PyPI.zip npm.zip.

    The exports are osv.dev's PyPI/all.zip and npm/all.zip, brought by whichever way there is. What they have of an
    ecosystem takes the place of what was there of it.
    """
    from bailiwick.control.review import AdvisoriesError, import_advisories  # noqa: PLC0415 - slow to load

    try:
        imported = import_advisories(exports, database(), datetime.now(UTC))
    except AdvisoriesError as fault:
        fail({"title": fault.message, "hint": fault.hint})
    told = _send(exports) if signed_in() and not local else None
    said = {"taken": imported.taken, "said_nothing": imported.said_nothing, "unreadable": imported.unreadable}
    lines = [f"{imported.taken:,} advisories taken, {imported.said_nothing:,} withdrawn or about other things, "
             f"{imported.unreadable:,} unreadable: {database()}"]  # fmt: skip
    lines += ["the server has taken them too"] if told is not None else []
    show({**said, "database": str(database()), "server": told}, "\n".join(lines), as_json=as_json)


@app.command("show")
def show_(local: Local = False, as_json: Json = False) -> None:
    """Show what there is and how old it is. Example: bailiwick advisories show."""
    found = _local() if local or not signed_in() else call("GET", "/advisories")
    lines = [
        f"{item['ecosystem']:<6} {item['advisories']:>9,} advisories, the newest {item['days_old']} days old"
        f"{' (stale)' if item['stale'] else ''}; imported {item['imported'][:10]} from {item['file']}"
        for item in found["sources"]
    ]
    nothing = "none: packages are not checked for known vulnerabilities; bailiwick advisories import PyPI.zip npm.zip"
    show(found, "\n".join(lines) or nothing, as_json=as_json)


def _local() -> dict[str, Any]:
    from bailiwick.control.review import AdvisoriesError, PackagePolicy, open_advisories  # noqa: PLC0415

    stale_days = PackagePolicy().stale_days
    if not database().exists():
        return {"sources": [], "stale_days": stale_days, "required": False}
    try:
        with open_advisories(database()) as advisories:
            sources = advisories.sources
    except AdvisoriesError as fault:
        fail({"title": fault.message, "hint": fault.hint})
    now = datetime.now(UTC)
    shown = [
        {"ecosystem": item.ecosystem, "advisories": item.advisories, "newest": item.newest.isoformat(),
         "imported": item.imported.isoformat(), "file": item.file, "sha256": item.sha256,
         "days_old": max((now - item.newest).days, 0), "stale": (now - item.newest).days > stale_days}
        for item in sources
    ]  # fmt: skip
    return {"sources": shown, "stale_days": stale_days, "required": False}


def _send(exports: list[Path]) -> Any:
    answer: Any = None
    for export in exports:
        with zipped([export], (".json",)) as content:
            answer = call(
                "POST", "/advisories", content=content, headers={"Content-Type": "application/zip"}, timeout=900
            )
    return answer
