"""Tests of apps: run where a release is built, in a sandbox without network, and signed with it.

They are the author's own and run in one process with what they test: they say that the app does what its author
expects, never that it is safe.
"""

import json
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bailiwick.control.release.errors import TestsFailedError
from bailiwick.core.artifacts import TreeFile, digest, pack
from bailiwick.core.manifest import FILE_NAME, parse_manifest
from bailiwick.core.provenance import PYTHON_LOCK

_SECONDS = 500.0
_MOST_KEPT = 256
_MOST_NAMES, _LONGEST_NAME = 500, 200
_SHOWN = 5
_LAST_WORDS = 1500
Result = Mapping[str, object]


class Tester(Protocol):
    """Runs the tests that an app declares."""

    def test(self, files: Sequence[TreeFile]) -> Result | None:
        """Return what became of them (in-toto test-result), None for an app that declares none; raise
        `TestsFailedError` when one fails, or they cannot be run.
        """


@dataclass(frozen=True)
class SandboxTester:
    """Runs tests with the packages that a release is built from; the same files are tested once."""

    wheels: Path
    folder: Path
    _known: OrderedDict[str, Result] = field(default_factory=OrderedDict)

    def test(self, files: Sequence[TreeFile]) -> Result | None:
        """Return what became of the tests."""
        runner = _runner(files)
        if runner is None:
            return None
        packed = pack(files)
        name = digest(packed)
        if name not in self._known:
            self._known[name] = _result(runner, self._run(packed), files)
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)
        return self._known[name]

    def _run(self, packed: bytes) -> dict[str, Any]:
        command = [sys.executable, "-m", "bailiwick.dataplane.app_tests"]
        command += ["--wheels", str(self.wheels), "--folder", str(self.folder)]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(command, input=packed, capture_output=True, timeout=_SECONDS, check=False)
            found = json.loads(done.stdout)
        except subprocess.TimeoutExpired as fault:
            raise TestsFailedError("the app's tests took too long", hint="make them shorter, and push again") from fault
        except (OSError, ValueError) as fault:
            raise TestsFailedError(
                "the app's tests could not be run on this machine", hint="bailiwick sandbox run -- true says why"
            ) from fault
        if "error" in found:
            raise TestsFailedError(f"the app's tests could not be run: {found['error']}", hint=str(found["hint"]))
        return dict(found)


class NoTester:
    """Stands where the settings name nothing to build from: then nothing is tested, and who declares tests is told."""

    def test(self, files: Sequence[TreeFile]) -> Result | None:
        """Return None; raise `TestsFailedError` for an app that declares tests."""
        if _runner(files) is not None:
            raise TestsFailedError(
                "this installation cannot run the app's tests",
                hint="whoever runs it sets build.wheels and build.folder in the control plane's settings",
            )
        return None


def _runner(files: Sequence[TreeFile]) -> str | None:
    text = next((file.content for file in files if file.path == FILE_NAME), None)
    return parse_manifest(text.decode(errors="replace")).app.tests if text is not None else None


def _result(runner: str, found: Mapping[str, Any], files: Sequence[TreeFile]) -> Result:
    passed, skipped, failed = (list(found.get(name, ())) for name in ("passed", "skipped", "failed"))
    words = str(found.get("words", ""))[-_LAST_WORDS:]
    if failed or found.get("fault"):
        named = ", ".join(map(_short, failed[:_SHOWN])) + ("…" if len(failed) > _SHOWN else "")
        what = f"{len(failed)} of {len(passed) + len(failed)} failed ({named})" if failed else str(found["fault"])[:300]
        raise TestsFailedError(
            f"the app's tests do not pass: {what}", hint="correct it and push again", details={"words": words}
        )
    if not passed:
        raise TestsFailedError(
            f'[app] tests = "{runner}" is declared, and no test was found',
            hint="test_*.py at any depth is found; in a folder, unittest wants an __init__.py",
        )
    read = {FILE_NAME, PYTHON_LOCK}
    return {
        "result": "PASSED",
        "configuration": [
            {"name": file.path, "digest": {"sha256": digest(file.content)}} for file in files if file.path in read
        ],
        "passedTests": [_short(name) for name in passed[:_MOST_NAMES]],
        "warnedTests": [],
        "failedTests": [],
        "runner": runner,
        "counts": {"passed": len(passed), "skipped": len(skipped), "failed": 0},
    }


def _short(name: object) -> str:
    return str(name)[:_LONGEST_NAME]
