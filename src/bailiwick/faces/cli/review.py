"""`bailiwick review`: the whole review on a folder, no server needed."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def review(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="the app's folder")],
    form: Annotated[str, typer.Option("--format", help="text, json or sarif")] = "text",
    fail_on: Annotated[str, typer.Option(help="low, medium, high or critical")] = "medium",
) -> None:
    """Review a folder as a push would be. Exit code 0 clean, 1 findings, 2 could not review."""
    from bailiwick.control.review import Severity, as_sarif, finding_lines, read_folder  # noqa: PLC0415 - slow to load
    from bailiwick.control.review import review as run  # noqa: PLC0415

    report = run(read_folder(folder))
    if form == "sarif":
        sys.stdout.write(json.dumps(as_sarif(report), indent=2) + "\n")
    elif form == "json":
        found = [
            {"rule": item.rule.id, "severity": item.rule.severity.word, "path": item.path, "line": item.line,
             "message": item.message, "why": item.rule.why, "fix": item.rule.fix, "cwe": item.rule.cwe,
             "owasp": item.rule.owasp, "engine": item.engine, "fingerprint": item.fingerprint}
            for item in report.findings
        ]  # fmt: skip
        sys.stdout.write(json.dumps({"tree": report.tree, "passed": report.passed, "findings": found}, indent=2) + "\n")
    else:
        for finding in report.findings:
            sys.stdout.write("\n".join(finding_lines(finding)) + "\n\n")
        sys.stdout.write(f"{len(report.findings)} findings, {len(report.blocking)} of them block\n")
    if report.could_not_review:
        typer.secho(f"could not review: {'; '.join(report.could_not_review)}", fg="red", err=True)
        raise typer.Exit(2)
    level = Severity[fail_on.upper()]
    raise typer.Exit(1 if any(item.rule.severity >= level for item in report.findings) else 0)
