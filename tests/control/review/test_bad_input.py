"""Input that is made to break a reader: each ends in a finding or in a whole review, and none stops one.

What bounds the time is not a clock here: sizes, depths and counts are limited where they are read, and matching takes
time that is linear in the text.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Entry, Report, Severity, as_sarif, read_folder, refusal_lines, review
from bailiwick.control.review.engines.tree import MAX_FILE_BYTES
from bailiwick.core.artifacts import TreeFile
from tests.control.review.sarif_schema import require_valid
from tests.control.review.secret_lines import found_in

MANIFEST = b'[app]\nname = "desk"\npurpose = "Support staff look up orders"\nentrypoint = "desk.app:app"\n'
KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"
SQL = "def find(db, name):\n    db.execute(f\"SELECT * FROM t WHERE n = '{name}'\")\n"


def report_of(files: dict[str, bytes], entries: tuple[Entry, ...] = ()) -> Report:
    content = {"bailiwick.toml": MANIFEST, "desk/app.py": b"app = object()\n", **files}
    tree = tuple(TreeFile(path, data) for path, data in content.items())
    listed = tuple(Entry(file.path.encode(errors="replace"), "100644", "blob", len(file.content)) for file in tree)
    return review(Change("0" * 40, (*listed, *entries), tree))


def rules(report: Report) -> set[str]:
    return {finding.rule.id for finding in report.findings}


def archive(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return target.getvalue()


def nested(depth: int) -> bytes:
    content = b"x"
    for _ in range(depth):
        content = archive({"a.zip": content})
    return content


# A file that an engine cannot read, with the rule that says so.
UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "broken Python": ("desk/code.py", b"def f(:\n", "syntax-error"),
    "Python that is a picture": ("desk/code.py", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "syntax-error"),
    "brackets too deep": ("desk/code.py", b"(" * 5_000 + b")" * 5_000, "syntax-error"),
    "blocks too deep": ("desk/code.py", b"".join(b" " * n + b"if x:\n" for n in range(300)), "syntax-error"),
    "an endless string": ("desk/code.py", b'x = """' + b"a" * 10_000, "syntax-error"),
    "a zero": ("desk/code.py", b"x = 1\0\n", "syntax-error"),
    "half a character": ("desk/code.py", b"x = '\xe2\x82'\n", "syntax-error"),
    "an archive too deep": ("a.zip", nested(6), "archive-not-readable"),
    "an archive that is cut off": ("a.zip", archive({"a": b"x" * 1000})[:-30], ""),
    "a bomb": ("a.gz", gzip.compress(bytes(70 * 2**20)), "archive-not-readable"),
    "an archive with a key": ("a.zip", archive({"a.zip": archive({"a.txt": KEY.encode()})}), "secret-in-code"),
}


@pytest.mark.req("RV1", "RV2")
@pytest.mark.parametrize(
    ("path", "content", "rule"), [pytest.param(*case, id=name) for name, case in UNREADABLE.items()]
)
def test_what_cannot_be_read_is_a_finding_and_the_rest_is_reviewed(path: str, content: bytes, rule: str) -> None:
    report = report_of({path: content, "desk/other.py": SQL.encode()})
    assert "sql-injection" in rules(report)
    assert report.could_not_review == ()
    if rule:
        assert rule in {finding.rule.id for finding in report.blocking}


@pytest.mark.req("RV1", "RV2")
def test_a_reader_that_chokes_on_a_file_lets_nothing_pass_and_says_so() -> None:
    report = report_of({"desk/code.py": b"x = " + b"+".join([b"1"] * 50_000) + b"\n", "desk/other.py": SQL.encode()})
    assert "sql-injection" in rules(report)
    assert {"syntax-error", "engine-failed"} & {finding.rule.id for finding in report.blocking}
    assert not report.passed


# Contents that are large or shaped to make a pattern or a parser take for ever, with a key at the end.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "100,000 statements on one line": ("web/a.js", lambda: b"f(1);" * 100_000),
    "100,000 lines": ("desk/long.py", lambda: b"x = 1\n" * 100_000),
    "a minified bundle": ("web/app.min.js", lambda: b"!function(e){var t={a:e};return t.a};" * 20_000),
    "quotes": ("web/a.txt", lambda: b"\"'" * 300_000),
    "names without values": ("web/a.txt", lambda: b"password=" * 100_000),
    "base 64 without end": ("web/a.txt", lambda: b"QUJD" * 300_000),
    "hexadecimal without end": ("web/a.txt", lambda: b"41" * 500_000),
    "escapes": ("web/a.txt", lambda: b"%41" * 300_000),
    "backslashes": ("web/a.txt", lambda: b"\\\n" * 300_000),
    "numbers": ("web/a.txt", lambda: b"65, " * 200_000),
    "lists that are never joined": ("web/a.txt", lambda: b"join([" * 150_000),
    "key headers": ("web/a.txt", lambda: b"-----BEGIN " + b"PRIVATE KEY-----" * 50_000),
    "URLs": ("web/a.txt", lambda: b"a://b:c" * 120_000),
    "JSON too deep": ("web/a.json", lambda: b"[" * 200_000),
    "tags too deep": ("web/a.html", lambda: b"<div>" * 50_000),
    "carriage returns": ("web/a.txt", lambda: b"\r" * 500_000),
    "zeros": ("web/a.bin", lambda: bytes(1_000_000)),
    "comments that never end": ("web/a.css", lambda: b"/*" * 200_000),
    "suppressions": ("web/a.txt", lambda: b"# nosec nosemgrep eslint-disable " * 30_000),
    "YAML that doubles": (
        "a.yml",
        lambda: b"a0: &a0 x\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60)),
    ),
    "XML that doubles": (
        "a.xml",
        lambda: (
            b"<!DOCTYPE x [<!ENTITY a 'aaaa'>"
            + b"".join(b"<!ENTITY a%d '&a%d;&a%d;'>" % (n, n - 1, n - 1) for n in range(1, 40))
            + b"]><x>&a39;</x>"
        ),
    ),
}


@pytest.mark.req("RV1", "RV3")
@pytest.mark.parametrize(("path", "make"), [pytest.param(*case, id=name) for name, case in HOSTILE.items()])
def test_a_key_is_found_behind_whatever_takes_long_to_read(path: str, make: Callable[[], bytes]) -> None:
    found = found_in(path, make() + f'\nKEY = "{KEY}"\n'.encode())
    assert any("AWS access key" in finding.message for finding in found)


HARDEST = [
    "100,000 statements on one line",
    "JSON too deep",
    "tags too deep",
    "YAML that doubles",
    "XML that doubles",
    "suppressions",
]


@pytest.mark.req("RV1", "RV3")
def test_a_key_is_found_behind_thousands_of_examples() -> None:
    examples = "".join(f'K{n} = "sk_' + f'test_8Yq2LmZ7Vx4Rt1Wc6Nd3Pk{n:04}"\n' for n in range(3_000))
    found = found_in("a.py", f'{examples}KEY = "{KEY}"\n')
    assert [item.line for item in found if item.severity >= Severity.MEDIUM] == [3_001]


@pytest.mark.req("RV1")
@pytest.mark.parametrize("name", HARDEST)
def test_every_engine_lives_through_it(name: str) -> None:
    path, make = HOSTILE[name]
    report = report_of({path: make(), "desk/other.py": SQL.encode()})
    assert "sql-injection" in rules(report)
    assert report.could_not_review == ()


@pytest.mark.req("RV1")
def test_a_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "bailiwick.toml").write_bytes(MANIFEST)
    with (tmp_path / "data.bin").open("wb") as file:
        file.truncate(50 * 2**20)
    change = read_folder(tmp_path)
    assert [file.path for file in change.files] == ["bailiwick.toml"]
    found = next(item for item in review(change).findings if item.rule.id == "file-too-large")
    assert found.message == f"data.bin has 50.0 MiB; {MAX_FILE_BYTES // 2**20} MiB are the most"


NAMES = [
    "new\nline.py",
    "\x1b[2J\x1b]0;title\x07.py",
    "\u202etxt.py",
    "tab\t.py",
    'quote".py',
    "é.py",
    "%41<script>.py",
    "a" * 200,
]


@pytest.mark.req("RV1", "RV2")
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_shown_harmless_in_text_and_sound_in_sarif(name: str) -> None:
    report = report_of({name: f'KEY = "{KEY}"\n'.encode()})
    said = refusal_lines(report.findings, report.could_not_review, "https://console.example/reviews/1")
    assert all(line.isprintable() for line in said)
    written = json.dumps(as_sarif(report))
    assert KEY not in written
    require_valid(written)
