"""`bailiwick review`: the whole review on a folder, or on what a push from it would bring; no server needed."""

import contextlib
import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bailiwick.faces.cli.advisories import database

if TYPE_CHECKING:
    from bailiwick.control.review import Change, Report, ReviewPool, Surroundings

_COULD_NOT = 2


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class Level(StrEnum):
    """From which severity on the exit code says so."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def review(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="the app's folder")],
    base: Annotated[str, typer.Option(help="also read every commit since this revision, as a push would")] = "",
    form: Annotated[Format, typer.Option("--format", help="how findings are printed")] = Format.TEXT,
    advisories: Annotated[
        Path | None, typer.Option(exists=True, help="an advisory database, else that of `bailiwick advisories import`")
    ] = None,
    fail_on: Annotated[Level, typer.Option(help="the least severity that makes the exit code 1")] = Level.MEDIUM,
) -> None:
    """Review a folder as a push would be. Example: bailiwick review . --base origin/main.

    Reviewed are the files as they stand, committed or not, without .git, .venv, node_modules and __pycache__. With
    --base also the contents of every commit from there to HEAD are, as history keeps what they hold and no longer show.
    Exit code 0 clean, 1 findings of the level or worse, 2 could not review.
    """
    from bailiwick.control.review import Severity  # noqa: PLC0415 - slow to load
    from bailiwick.control.review import review as run  # noqa: PLC0415
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415

    try:
        surroundings = _surroundings(advisories)
        with contextlib.closing(_pool(surroundings)) as pool:
            report = run(_change(folder, base), surroundings, run=pool.run)
    except BailiwickError as fault:
        _stop(f"error: {fault.message}\n  {fault.hint}")
    except OSError as fault:
        _stop(f"error: {fault.filename or folder} cannot be read: {fault.strerror}")
    except Exception as fault:
        # A fault of ours must not end as Python ends it, with the code that says that there are findings.
        _stop(f"error: the review failed ({type(fault).__name__}: {fault}), so nothing is said of {folder}")
    sys.stdout.write({Format.TEXT: _text, Format.JSON: _json, Format.SARIF: _sarif}[form](report))
    if report.could_not_review:
        _stop(f"could not review: {'; '.join(report.could_not_review)}")
    level = Severity[fail_on.name]
    raise typer.Exit(1 if any(item.severity >= level for item in report.findings) else 0)


def _pool(surroundings: "Surroundings") -> "ReviewPool":
    """Return workers for this one review, already starting; where they have no sandbox, say so and go on."""
    from bailiwick.control.review import ReviewPool  # noqa: PLC0415

    pool = ReviewPool(allow_unsandboxed=True)
    if not pool.isolation.sandboxed:
        words = f"no sandbox here ({pool.isolation.missing}): engines run with limits only. {pool.isolation.hint}"
        typer.secho(words, fg="yellow", err=True)
    pool.start(surroundings)
    return pool


def _surroundings(advisories: Path | None) -> "Surroundings":
    from bailiwick.control.review import PackagePolicy, Surroundings  # noqa: PLC0415

    used = advisories or database()
    policy = PackagePolicy(advisories=str(used.resolve()) if used.exists() else "")
    return Surroundings(day=datetime.now(UTC).date(), packages=policy)


def _change(folder: Path, base: str) -> "Change":
    from bailiwick.control.review import read_folder  # noqa: PLC0415
    from bailiwick.control.source import read_range  # noqa: PLC0415

    return read_range(folder, base) if base else read_folder(folder)


def _stop(words: str) -> NoReturn:
    typer.secho(words, fg="red", err=True)
    raise typer.Exit(_COULD_NOT)


def _text(report: "Report") -> str:
    from bailiwick.control.review import finding_lines  # noqa: PLC0415

    blocks = ["\n".join(finding_lines(finding)) + "\n\n" for finding in report.findings]
    count = len(report.findings)
    found = f"{count} finding{'' if count == 1 else 's'}, {len(report.blocking)} of them blocking"
    return "".join([*blocks, f"{found}\n"])


def _json(report: "Report") -> str:
    found = [
        {"rule": item.rule.id, "severity": item.severity.word, "path": item.path, "line": item.line,
         "column": item.column,
         "end_line": item.end_line, "end_column": item.end_column,
         "message": item.message, "why": item.rule.why, "fix": item.rule.fix, "cwe": item.rule.cwe,
         "owasp": item.rule.owasp, "engine": item.engine, "commit": item.commit, "fingerprint": item.fingerprint}
        for item in report.findings
    ]  # fmt: skip
    said = {"tree": report.tree, "passed": report.passed, "could_not_review": report.could_not_review}
    return json.dumps({**said, "findings": found}, indent=2) + "\n"


def _sarif(report: "Report") -> str:
    from bailiwick.control.review import as_sarif  # noqa: PLC0415

    return json.dumps(as_sarif(report), indent=2) + "\n"
