"""Ruff's security rules, run on our own copy with every suppression of the pushed code switched off."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ruff import find_ruff_bin

from bailiwick.control.review.model import Change, Finding, Rule, Severity, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import is_safe_path

_SECONDS = 60
# Rules of flake8-bandit that say more than our own engines do, with their severity and CWE.
_CHOSEN: dict[str, tuple[Severity, str]] = {
    "S323": (Severity.HIGH, "CWE-295"), "S502": (Severity.HIGH, "CWE-327"), "S504": (Severity.LOW, "CWE-327"),
    "S508": (Severity.MEDIUM, "CWE-319"), "S509": (Severity.MEDIUM, "CWE-319"), "S612": (Severity.HIGH, "CWE-94"),
    "S702": (Severity.HIGH, "CWE-79"), "S704": (Severity.MEDIUM, "CWE-79"),
}  # fmt: skip


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield ruff's findings; raises `RuntimeError` when it does not run."""
    # A path that is not safe is written nowhere; the tree's engine blocks it.
    files = [file for file in change.files if file.path.endswith(".py") and is_safe_path(file.path)]
    if not files:
        return
    with tempfile.TemporaryDirectory(prefix="bailiwick-review-") as folder:
        for file in files:
            target = Path(folder) / "tree" / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
        yield from _findings(Path(folder) / "tree", {file.path: file.content for file in files})


def _findings(folder: Path, contents: dict[str, bytes]) -> Iterator[Finding]:
    command = [find_ruff_bin(), "check", "--isolated", "--ignore-noqa", "--no-cache", "--exit-zero",
               "--no-respect-gitignore",
               "--output-format", "json", "--select", ",".join(_CHOSEN), "."]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError("ruff did not run")
    for item in json.loads(done.stdout):
        code = item["code"]
        if code not in _CHOSEN:
            continue
        path = str(Path(item["filename"]).relative_to(folder.resolve()))
        line = int(item["location"]["row"])
        lines = contents[path].decode(errors="replace").splitlines()
        yield Finding(
            _rule(code, item["message"]), path, line, item["message"], lines[line - 1] if line <= len(lines) else ""
        )


def _rule(code: str, message: str) -> Rule:
    severity, cwe = _CHOSEN[code]
    general = rule("unsafe-code")
    return Rule(f"ruff-{code.lower()}", severity, message, general.fix, cwe, general.owasp)
