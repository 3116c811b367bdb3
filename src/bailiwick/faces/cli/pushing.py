"""A push without git: the files of a folder as they stand, packed and sent to the API."""

import gzip
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import typer

from bailiwick.core.artifacts import ArtifactError, pack
from bailiwick.faces.cli.client import fail, server_url, signed

_SECONDS = 600


def push_folder(app_path: str, folder: Path, message: str, told: Sequence[tuple[str, str]], branch: str = "") -> None:
    """Send a folder; end with code 1 and the findings when the review refuses it."""
    try:
        # mtime 0: the same files are the same bytes, and a push that is sent again is one.
        body = gzip.compress(_packed(folder), 6, mtime=0)
    except (OSError, ArtifactError) as fault:
        fail({"title": f"{folder} cannot be read: {fault}"})
    headers = [*signed().items(), *told, ("Content-Type", "application/gzip"), ("Idempotency-Key", str(uuid.uuid4()))]
    query = {"door": "cli", "message": message, **({"branch": branch} if branch else {})}
    address = f"{server_url()}/api/v1/push/{app_path}"
    try:
        answer = httpx2.post(address, params=query, headers=headers, content=body, timeout=_SECONDS)
    except httpx2.HTTPError:
        fail({"title": f"{server_url()} does not answer", "hint": "is it running? BAILIWICK_URL says where"})
    try:
        said = answer.json()
    except ValueError:
        said = {"title": f"the server answered {answer.status_code}"}
    if answer.is_error:
        _show_findings(said)
        fail({key: value for key, value in said.items() if key != "details"})
    typer.echo(f"Bailiwick reviewed tree {said['tree'][:12]} and takes it as {said['commit'][:12]}.")
    for line in said["said"] if branch else ():
        typer.echo(line)


def _packed(folder: Path) -> bytes:
    from bailiwick.control.review import read_folder  # noqa: PLC0415 - engines take long to load

    change = read_folder(folder)
    if not change.files:
        fail({"title": f"there is no file in {folder}", "hint": "name the folder with bailiwick.toml"})
    plain = {file.path.encode(errors="surrogateescape") for file in change.files}
    for entry in change.entries:
        if entry.path not in plain:
            fail({
                "title": f"'{entry.path.decode(errors='replace')}' is a link, no plain file, or too large",
                "hint": "put a copy in its place, or leave it out; or push with git",
            })  # fmt: skip
    return pack(change.files)


def _show_findings(problem: dict[str, Any]) -> None:
    details = problem.get("details", {})
    for item in details.get("findings", ()) if isinstance(details, dict) else ():
        typer.echo(f"{item['path']}:{item['line']}  {item['severity']}  {item['rule']}: {item['message']}", err=True)
        typer.echo(f"    why  {item['why']}\n    fix  {item['fix']}\n    see  {item['url']}\n", err=True)
