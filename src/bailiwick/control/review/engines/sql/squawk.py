"""Squawk, the linter of PostgreSQL migrations, on our own copy: what a file says about being ignored has no effect."""

import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bailiwick.control.review.engines.infra.faults import Fault

_SECONDS = 20
# What we take of its rules; matters of taste are left out, and what our own rules say better.
_CHOSEN = {
    "adding-required-field": "migration-fails-on-rows", "adding-not-nullable-field": "migration-fails-on-rows",
    "changing-column-type": "migration-locks", "require-concurrent-index-creation": "migration-locks",
    "constraint-missing-not-valid": "migration-locks", "adding-foreign-key-constraint": "migration-locks",
    "disallowed-unique-constraint": "migration-locks", "adding-serial-primary-key-field": "migration-locks",
    "adding-field-with-default": "migration-locks",
    "renaming-column": "migration-breaks-running", "renaming-table": "migration-breaks-running",
}  # fmt: skip


def faults(content: bytes) -> Iterator[Fault]:
    """Yield what Squawk says of a migration; raises `RuntimeError` when it does not run."""
    program = Path(sysconfig.get_path("scripts")) / "squawk"
    if not program.exists():
        program = Path(sys.executable).parent / "squawk"
    with tempfile.TemporaryDirectory(prefix="bailiwick-review-") as folder:
        Path(folder, "squawk.toml").write_text("")
        Path(folder, "migration.sql").write_bytes(content.replace(b"squawk-ignore", b"squawk_ignore"))
        command = [
            str(program),
            "--config",
            "squawk.toml",
            "--reporter",
            "json",
            "--assume-in-transaction",
            "migration.sql",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False, env={})
    if done.returncode < 0:  # it fell over this file; the next one is read as ever
        yield Fault("unreadable-configuration", 0, "the linter of migrations gives up on it; write it in simpler parts")
        return
    if done.returncode not in {0, 1}:
        raise RuntimeError("squawk did not run")
    for item in json.loads(done.stdout or b"[]"):
        chosen = _CHOSEN.get(item["rule_name"])
        if chosen:
            yield Fault(chosen, int(item["line"]) + 1, str(item["message"])[:300])
