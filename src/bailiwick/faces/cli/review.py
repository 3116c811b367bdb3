"""`bailiwick review`: the whole review on a folder, or on what a push from it would bring; no server needed."""

import contextlib
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bailiwick.faces.cli.advisories import database
from bailiwick.faces.cli.fixes import edit_lines, mend
from bailiwick.faces.cli.packages import copy_of_index

if TYPE_CHECKING:
    from bailiwick.control.review import Change, Finding, Report, ReviewPool, Style, Surroundings

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
    sbom: Annotated[Path | None, typer.Option(help="write a bill of materials (CycloneDX 1.6) into this file")] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="offer the edits of findings one by one, then review again")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --fix: write every edit without asking")] = False,
    fail_on: Annotated[Level, typer.Option(help="the least severity that makes the exit code 1")] = Level.MEDIUM,
) -> None:
    """Review a folder as a push would be. Example: bailiwick review . --base origin/main.

    Reviewed are the files as they stand, committed or not, without .git, .venv, node_modules and __pycache__. With
    --base also the contents of every commit from there to HEAD are, as history keeps what they hold and no longer show.
    With --fix, edits that findings offer are shown and written where you agree.
    Exit code 0 clean, 1 findings of the level or worse, 2 could not review.
    """
    from bailiwick.control.review import Severity  # noqa: PLC0415 - slow to load
    from bailiwick.control.review import review as run  # noqa: PLC0415
    from bailiwick.core.errors import BailiwickError  # noqa: PLC0415

    refused: set[str] = set()
    try:
        around = _surroundings(advisories)
        with contextlib.closing(_pool(around)) as pool:
            change = _change(folder, base)
            report = run(change, around, run=pool.run)
            while fix and _mended(folder, report, refused, yes=yes):
                change = _change(folder, base)
                report = run(change, around, run=pool.run)
    except BailiwickError as fault:
        _stop(f"error: {fault.message}\n  {fault.hint}")
    except OSError as fault:
        _stop(f"error: {fault.filename or folder} cannot be read: {fault.strerror}")
    except Exception as fault:
        # A fault of ours must not end as Python ends it, with the code that says that there are findings.
        _stop(f"error: the review failed ({type(fault).__name__}: {fault}), so nothing is said of {folder}")
    if sbom is not None:
        sbom.write_text(_sbom(change, folder, around))
    sys.stdout.write({Format.TEXT: _text, Format.JSON: _json, Format.SARIF: _sarif}[form](report, change))
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
    from bailiwick.runtimes import host_runtimes  # noqa: PLC0415

    used = advisories or database()
    policy = PackagePolicy(
        advisories=str(used.resolve()) if used.exists() else "",
        facts=str(copy_of_index().resolve()) if copy_of_index().exists() else "",
    )
    return Surroundings(day=datetime.now(UTC).date(), packages=policy, runtimes=host_runtimes())


def _sbom(change: "Change", folder: Path, around: "Surroundings") -> str:
    from bailiwick.control.review import bill_of_materials  # noqa: PLC0415

    document = bill_of_materials(
        change.files, name=folder.resolve().name, tree=change.tree, commit="", policy=around.packages,
        now=datetime.now(UTC),
    )  # fmt: skip
    return json.dumps(document, indent=2) + "\n"


def _change(folder: Path, base: str) -> "Change":
    from bailiwick.control.review import read_folder  # noqa: PLC0415
    from bailiwick.control.source import read_range  # noqa: PLC0415

    return read_range(folder, base) if base else read_folder(folder)


def _stop(words: str) -> NoReturn:
    typer.secho(words, fg="red", err=True)
    raise typer.Exit(_COULD_NOT)


def _mended(folder: Path, report: "Report", refused: set[str], *, yes: bool) -> int:
    """Offer the edits that were not refused yet; return how many were written."""

    def agree(finding: "Finding", text: str) -> bool:
        if finding.fingerprint in refused or finding.edit is None:
            return False
        said = [*finding_lines(finding), *edit_lines(finding.edit, text)]
        typer.echo("\n".join(said), err=True)
        agreed = yes or typer.confirm("write this edit?", err=True)
        if not agreed:
            refused.add(finding.fingerprint)
        return agreed

    from bailiwick.control.review import finding_lines  # noqa: PLC0415

    return mend(folder, report.findings, agree)


def _text(report: "Report", change: "Change") -> str:
    from bailiwick.control.review import finding_lines, unpainted  # noqa: PLC0415

    paint = _painted if sys.stdout.isatty() and "NO_COLOR" not in os.environ else unpainted
    texts = {file.path: file.content.decode(errors="replace") for file in change.files}
    blocks = []
    for finding in report.findings:
        lines = list(finding_lines(finding, change=change, paint=paint))
        if finding.edit is not None and finding.edit.path in texts:
            lines += edit_lines(finding.edit, texts[finding.edit.path])
        blocks.append("\n".join(lines) + "\n\n")
    count = len(report.findings)
    found = f"{count} finding{'' if count == 1 else 's'}, {len(report.blocking)} of them blocking"
    return "".join([*blocks, f"{found}\n"])


def _painted(text: str, style: "Style") -> str:
    colours = {"bad": "red", "mild": "yellow", "mark": "red", "place": "cyan", "quiet": "bright_black"}
    return typer.style(text, fg=colours[style], bold=style == "bad")


def _json(report: "Report", _: "Change") -> str:
    said = {"tree": report.tree, "passed": report.passed, "could_not_review": report.could_not_review}
    return json.dumps({**said, "findings": [_as_json(item) for item in report.findings]}, indent=2) + "\n"


def _as_json(item: "Finding") -> dict[str, object]:
    return {
        "rule": item.rule.id,
        "severity": item.severity.word,
        "path": item.path,
        "line": item.line,
        "column": item.column,
        "end_line": item.end_line,
        "end_column": item.end_column,
        "message": item.message,
        "excerpt": item.excerpt,
        "steps": [asdict(step) for step in item.steps],
        "edit": asdict(item.edit) if item.edit is not None else None,
        "why": item.rule.why,
        "fix": item.rule.fix,
        "cwe": item.rule.cwe,
        "owasp": item.rule.owasp,
        "worse": item.worse,
        "waivable": item.waivable,
        "engine": item.engine,
        "commit": item.commit,
        "fingerprint": item.fingerprint,
    }


def _sarif(report: "Report", _: "Change") -> str:
    from bailiwick.control.review import as_sarif  # noqa: PLC0415

    return json.dumps(as_sarif(report), indent=2) + "\n"
