"""Programs that code starts: named, weighed by what is open for the app, and openings that nothing needs."""

import re
from datetime import date

import pytest

from bailiwick.control.review import Change, Entry, Finding, Opened, Severity, Surroundings
from bailiwick.control.review.engines.declared import check
from bailiwick.core.artifacts import TreeFile

MANIFEST = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk:app"\n'
OPEN = Surroundings(opened=(Opened("process-spawning", date(2026, 12, 31)),))
STARTS = 'import subprocess\n\n\ndef app(path):\n    subprocess.run(["pdftotext", path], check=True)\n'


def findings(code: str, around: Surroundings) -> list[Finding]:
    files = (TreeFile("bailiwick.toml", MANIFEST.encode()), TreeFile("desk.py", code.encode()))
    entries = tuple(Entry(file.path.encode(), "100644", "blob", 1) for file in files)
    return list(check.check(Change("t", entries, files), around))


@pytest.mark.req("RV4")
def test_a_program_is_named_with_what_its_start_would_need() -> None:
    (item,) = findings(STARTS, Surroundings())
    assert (item.rule.id, item.line, item.severity) == ("undeclared-program", 5, Severity.LOW)
    assert "pdftotext is started, which nothing declares" in item.message
    assert "open process-spawning for the app" in item.message


@pytest.mark.req("RV4")
def test_where_programs_may_be_started_a_missing_one_blocks() -> None:
    (item,) = findings(STARTS, OPEN)
    assert (item.rule.id, item.severity) == ("undeclared-program", Severity.MEDIUM)
    assert "pdftotext is started, but not there where the app runs" in item.message


@pytest.mark.req("RV4")
def test_an_opening_that_no_code_needs_is_said() -> None:
    (item,) = findings("def app():\n    return 1\n", OPEN)
    assert (item.rule.id, item.path, item.severity) == ("declared-but-unused", "bailiwick.toml", Severity.LOW)
    assert item.message == "process-spawning is open for this app until 2026-12-31, but no code starts a program"
    assert findings("def app():\n    return 1\n", Surroundings()) == []
    assert findings("import subprocess, sys\n\n\ndef app():\n    subprocess.run([sys.executable])\n", OPEN) == []


@pytest.mark.req("RV4")
@pytest.mark.parametrize(
    ("line", "programs"),
    [
        ('os.system("A=1 git pull; cd x && make -j2 | tee log")', ["git", "make", "tee"]),
        ('os.system("echo done")', []),
        ('os.system("unended \'")', ["unended"]),
        ('subprocess.run("a b", check=True)', []),
        ('subprocess.run(f"git {path}", shell=True)', ["git"]),
        ("subprocess.run([*path])", []),
        ('subprocess.run(args=("/opt/tool", path))', ["/opt/tool"]),
        ('os.spawnlp(os.P_WAIT, "xdg-open", "xdg-open", path)', ["xdg-open"]),
        ("subprocess.run()", []),
        ('command = ["lsof", "-p"]\n    subprocess.run(command)', ["lsof"]),
        ('subprocess.run(["rsync", "-a"] + path)', ["rsync"]),
        ("command = path\n    subprocess.run(command)", []),
    ],
)
def test_programs_are_read_however_they_are_started(line: str, programs: list[str]) -> None:
    code = f"import os\nimport subprocess\n\n\ndef app(path):\n    {line}\n"
    found = [item.message for item in findings(code, OPEN) if item.rule.id == "undeclared-program"]
    assert [re.split(" (?:is|are) ", message)[0] for message in found] == ([", ".join(programs)] if programs else [])
