"""Other scanners over the same files: what each reads, how it is run, and which weaknesses its rules are about.

They live in `.peers`, made by `make bench-peers`; one that is not there is left out. Semgrep's engine comes without
rules, and no registry has a set for Python under a permissive licence; its engine is measured through njsscan's rules.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruff import find_ruff_bin

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INSTALLED = ROOT / ".peers"
_SECONDS = 900
PYTHON = (".py",)
SCRIPT = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx")
CREDENTIALS = frozenset({798})
# What ruff's rules are about, which are Bandit's under other names.
_RUFF = {
    "S101": 703, "S102": 78, "S103": 732, "S104": 605, "S105": 259, "S106": 259, "S107": 259, "S108": 377, "S110": 703,
    "S112": 703, "S113": 400, "S201": 94, "S202": 22, "S301": 502, "S302": 502, "S303": 327, "S304": 327, "S305": 327,
    "S306": 377, "S307": 78, "S308": 79, "S310": 22, "S311": 330, "S312": 319, "S321": 319, "S323": 295, "S324": 327,
    "S401": 319, "S402": 319, "S403": 502, "S404": 78, "S405": 20, "S406": 20, "S407": 20, "S408": 20, "S409": 20,
    "S410": 20, "S411": 20, "S412": 284, "S413": 327, "S501": 295, "S502": 327, "S503": 327, "S504": 327, "S505": 326,
    "S506": 20, "S507": 295, "S508": 319, "S509": 319, "S601": 78, "S602": 78, "S603": 78, "S604": 78, "S605": 78,
    "S606": 78, "S607": 78, "S608": 89, "S609": 78, "S610": 89, "S611": 89, "S612": 94,
    "S701": 94, "S702": 80, "S704": 79,
}  # fmt: skip
_ESLINT = {
    "detect-child-process": 78, "detect-eval-with-expression": 95, "detect-non-literal-fs-filename": 22,
    "detect-non-literal-regexp": 1333, "detect-non-literal-require": 470, "detect-object-injection": 1321,
    "detect-possible-timing-attacks": 208, "detect-pseudoRandomBytes": 330, "detect-unsafe-regex": 1333,
    "detect-no-csrf-before-method-override": 352, "detect-disable-mustache-escape": 79, "detect-buffer-noassert": 119,
    "detect-new-buffer": 119, "detect-bidi-characters": 1007,
}  # fmt: skip
Found = tuple[Path, int]


@dataclass(frozen=True)
class Peer:
    """A scanner: its name, the ends of the names that it reads, and a function from a folder to what it finds.

    `about` names the weaknesses that it looks for at all, where it looks for one kind only.
    """

    name: str
    reads: tuple[str, ...]
    find: Callable[[Path], Iterator[Found]]
    needs: str
    about: frozenset[int] = frozenset()

    @property
    def here(self) -> bool:
        """Whether it is installed."""
        return not self.needs or (INSTALLED / self.needs).exists()


def _run(folder: Path, *command: str) -> Any:
    path = f"{INSTALLED / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # Into a file: some end before a pipe has taken all that they say.
    with tempfile.TemporaryFile() as said:
        try:
            done = subprocess.run(
                command, cwd=folder, stdout=said, stderr=subprocess.PIPE, timeout=_SECONDS, check=False,
                env={**os.environ, "PATH": path},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            print(f"    {Path(command[0]).name} took longer than {_SECONDS} s", file=sys.stderr)
            return None
        said.seek(0)
        text = said.read()
    # Some say a line before their JSON.
    start = re.search(rb"^[\[{]", text, re.MULTILINE)
    if start is None:
        words = done.stderr[-300:].decode(errors="replace")
        print(f"    {Path(command[0]).name} said nothing: {words}", file=sys.stderr)
        return None
    return json.JSONDecoder().raw_decode(text[start.start() :].decode())[0]


def _bandit(folder: Path) -> Iterator[Found]:
    said = _run(folder, str(INSTALLED / "python/bin/bandit"), "-q", "-r", ".", "-f", "json", "--ignore-nosec")
    for item in said["results"] if said else []:
        yield Path(item["filename"]), int(item["issue_cwe"].get("id", 0))


def _ruff(folder: Path) -> Iterator[Found]:
    said = _run(folder, find_ruff_bin(), "check", "--isolated", "--ignore-noqa", "--exit-zero", "--no-cache",
                "--preview", "--output-format", "json", "--select", "S", ".")  # fmt: skip
    for item in said or []:
        yield Path(item["filename"]).relative_to(folder.resolve()), _RUFF.get(item["code"], 0)


def _njsscan(folder: Path) -> Iterator[Found]:
    said = _run(folder, str(INSTALLED / "python/bin/njsscan"), "--json", ".")
    for part in ("nodejs", "templates"):
        for rule in (said or {}).get(part, {}).values():
            number = re.search(r"\d+", rule["metadata"].get("cwe", "") or "")
            for file in rule.get("files", []):
                yield Path(file["file_path"]), int(number[0]) if number else 0


def _eslint(folder: Path) -> Iterator[Found]:
    command = str(INSTALLED / "node_modules/.bin/eslint")
    said = _run(folder, command, "-c", str(INSTALLED / "eslint.config.js"), "--no-warn-ignored", "-f", "json", ".")
    for file in said or []:
        for item in file["messages"]:
            rule = (item["ruleId"] or "").removeprefix("security/")
            if rule in _ESLINT:
                yield Path(file["filePath"]).relative_to(folder.resolve()), _ESLINT[rule]


def _detect_secrets(folder: Path) -> Iterator[Found]:
    said = _run(folder, str(INSTALLED / "python/bin/detect-secrets"), "scan", "--all-files", "--no-verify", ".")
    for name in (said or {}).get("results", {}):
        yield Path(name), 798


def _secretlint(folder: Path) -> Iterator[Found]:
    command = str(INSTALLED / "node_modules/.bin/secretlint")
    said = _run(folder, command, "--secretlintrc", str(INSTALLED / ".secretlintrc.json"), "--format", "json", "**/*")
    for file in said or []:
        if file["messages"]:
            yield Path(file["filePath"]).relative_to(folder.resolve()), 798


def _kingfisher(folder: Path) -> Iterator[Found]:
    said = _run(folder, str(INSTALLED / "python/bin/kingfisher"), "scan", ".", "--no-validate", "--no-update-check",
                "--confidence", "low", "--git-history", "none", "--format", "json")  # fmt: skip
    for item in (said or {}).get("findings", []):
        path = item["finding"].get("path") or ""
        yield Path(path.removeprefix("./")), 798


PEERS: tuple[Peer, ...] = (
    Peer("Bandit", PYTHON, _bandit, "python/bin/bandit"),
    Peer("ruff S", PYTHON, _ruff, ""),
    Peer("njsscan (Semgrep)", (*SCRIPT, ".html", ".ejs"), _njsscan, "python/bin/njsscan"),
    Peer("eslint security", SCRIPT, _eslint, "node_modules/.bin/eslint"),
    Peer("detect-secrets", (), _detect_secrets, "python/bin/detect-secrets", CREDENTIALS),
    Peer("secretlint", (), _secretlint, "node_modules/.bin/secretlint", CREDENTIALS),
    Peer("Kingfisher", (), _kingfisher, "python/bin/kingfisher", CREDENTIALS),
)
