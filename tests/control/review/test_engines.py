import base64
import bz2
import gzip
import hashlib
import io
import lzma
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Entry, PushedBlob, Report, as_sarif, refusal_lines, review
from bailiwick.core.artifacts import TreeFile

MANIFEST = b"""
[app]
name = "desk"
purpose = "Support staff look up orders"
entrypoint = "desk.app:app"
[integrations.orders]
use = "orders-db"
access = ["orders:read"]
[egress]
allow = ["api.declared.example:443"]
"""
APP = b'import os\n\napp = (os.environ.get("ORDERS_URL"), "https://api.declared.example")\n'
KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"


def change(code: str = "", *, files: dict[str, bytes] | None = None, history: tuple[PushedBlob, ...] = ()) -> Change:
    content = {"bailiwick.toml": MANIFEST, "desk/app.py": APP, "desk/code.py": code.encode(), **(files or {})}
    tree = tuple(TreeFile(path, data) for path, data in content.items() if data is not None)
    entries = tuple(Entry(file.path.encode(), "100644", "blob", len(file.content)) for file in tree)
    return Change("t" * 40, entries, tree, history)


def rules(report: Report) -> set[str]:
    return {finding.rule.id for finding in report.findings}


BAD_SQL = [
    "def f(db, name):\n    db.execute(f\"SELECT * FROM t WHERE n = '{name}'\")",
    "def f(db, name):\n    db.execute(\"SELECT * FROM t WHERE n = '%s'\" % name)",
    'def f(db, name):\n    db.execute("SELECT * FROM t WHERE n = " + name)',
    'def f(db, name):\n    db.execute("SELECT * FROM t WHERE n = {}".format(name))',
    'def f(db, name):\n    query = "SELECT * FROM t WHERE n = "\n    query += name\n    db.execute(query)',
    'def f(db, name):\n    query = f"SELECT {name}"\n    db.cursor().executemany(query, [])',
    'from sqlalchemy import text\ndef f(name):\n    return text(f"SELECT {name}")',
    'def build(name):\n    return "SELECT " + name\ndef f(db, name):\n    db.execute(build(name))',
    'def f(db, name):\n    db.execute(f"SELECT {name}")  # noqa: S608  # nosec',
    'def f(db, names):\n    db.execute("SELECT " + ", ".join(names))',
]
GOOD_SQL = [
    'def f(db, name):\n    db.execute("SELECT * FROM t WHERE n = %s", [name])',
    'COLUMNS = "a, b"\ndef f(db, n):\n    db.execute(f"SELECT {COLUMNS} FROM t WHERE n = %s", [n])',
    'def f(db):\n    query = "SELECT 1"\n    query += " FROM t"\n    db.execute(query)',
    'ORDER = {"new": "at DESC", "old": "at"}\ndef f(db, key):\n    db.execute("SELECT 1 ORDER BY " + ORDER[key])',
    'def table():\n    return "t" + "_x"\ndef f(db):\n    db.execute(f"SELECT * FROM {table()}")',
    "def f(db, query):\n    db.execute(query)",
    'def f(db, n):\n    db.execute(f"SELECT {int(n)}")',
    'def f(runner, name):\n    runner.run(f"hello {name}")',
]


@pytest.mark.req("RV2")
@pytest.mark.parametrize("code", BAD_SQL)
def test_sql_that_is_built_from_strings_is_found(code: str) -> None:
    report = review(change(code))
    assert "sql-injection" in rules(report)
    assert not report.passed


@pytest.mark.req("RV2")
@pytest.mark.parametrize("code", GOOD_SQL)
def test_constant_and_parameterised_sql_is_left_alone(code: str) -> None:
    assert review(change(code)).findings == ()


@pytest.mark.req("RV2")
def test_a_query_built_in_another_file_is_followed() -> None:
    files = {"desk/build.py": b"def where(name):\n    return f'SELECT {name}'\n"}
    report = review(change("from desk.build import where\ndef f(db, n):\n    db.execute(where(n))\n", files=files))
    assert "sql-injection" in rules(report)


@pytest.mark.req("RV6")
@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import os\nos.system('ls ' + x)", "command-injection"),
        ("import subprocess\nsubprocess.run(f'ls {x}', shell=True)", "command-injection"),
        ("import subprocess as s\ns.run(['ls'])", "process-spawning"),
        ("from os import system as go\ngo('ls')", "process-spawning"),
        ("eval(x)", "dynamic-code"),
        ("import pickle\npickle.loads(x)", "unsafe-deserialisation"),
        ("import ctypes\nctypes.CDLL('x')", "native-loading"),
        ("def f(:", "syntax-error"),
    ],
)
def test_dangerous_capabilities_are_found(code: str, rule: str) -> None:
    assert rule in rules(review(change(code)))


@pytest.mark.req("RV3")
def test_a_key_in_an_earlier_commit_is_found_and_not_repeated() -> None:
    blob = PushedBlob("c" * 40, "desk/settings.py", f'KEY = "{KEY}"\n'.encode())
    report = review(change("", history=(blob,)))
    finding = next(item for item in report.findings if item.rule.id == "secret-in-code")
    assert finding.commit == "c" * 40
    assert (finding.path, finding.line) == ("desk/settings.py", 1)
    assert KEY not in repr(report)


@pytest.mark.req("RV3")
@pytest.mark.parametrize("encode", [lambda raw: base64.b64encode(raw).decode(), lambda raw: raw.hex()])
def test_an_encoded_key_is_found(encode: object) -> None:
    text = encode(f"key={KEY};region=eu".encode())  # type: ignore[operator]
    assert "secret-in-code" in rules(review(change(f'X = "{text}"\n')))


def zipped(text: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/settings.py", text)
    return target.getvalue()


def tarred(text: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("settings.py")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return target.getvalue()


PLAIN = f"aws_key={KEY};region=eu-west-1;and more text".encode()


@pytest.mark.req("RV3")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.decode().encode("utf-16"), id="utf-16"),
        pytest.param(PLAIN.decode().encode("utf-16-be"), id="utf-16 without a mark"),
        pytest.param(b"x" * 300_000 + b" " + PLAIN, id="far along a line"),
        pytest.param(b"filler\n" * 500_000 + PLAIN, id="after three megabytes"),
        pytest.param(base64.b64encode(base64.b64encode(PLAIN)), id="base 64 of base 64"),
        pytest.param(base64.urlsafe_b64encode(b"\xfb\xff" + b" " * 40 + PLAIN), id="base 64 for URLs"),
        pytest.param(b"https://host/a" + base64.b64encode(PLAIN), id="base 64 after its own alphabet"),
        pytest.param(base64.encodebytes(b"." * 50 + PLAIN), id="base 64 over lines"),
        pytest.param(PLAIN.hex(" ").upper().encode(), id="hexadecimal with spaces"),
        pytest.param("".join(f"\\x{byte:02x}" for byte in PLAIN).encode(), id="escaped bytes"),
        pytest.param("".join(f"%{byte:02X}" for byte in PLAIN).encode(), id="URL escapes"),
        pytest.param(zipped(PLAIN), id="in a zip"),
        pytest.param(tarred(PLAIN), id="in a tar"),
        pytest.param(gzip.compress(PLAIN), id="in gzip"),
        pytest.param(gzip.compress(b"x") + gzip.compress(PLAIN), id="in the second stream of gzip"),
        pytest.param(gzip.compress(bytes(2048) + PLAIN), id="behind what looks like the end of a tar"),
        pytest.param(zipped(bz2.compress(zipped(PLAIN))), id="in a zip in bzip2 in a zip"),
        pytest.param(lzma.compress(PLAIN), id="in xz"),
        pytest.param(lzma.compress(PLAIN, format=lzma.FORMAT_ALONE), id="in the old form of xz"),
        pytest.param(b"#!/usr/bin/env python3\n" + zipped(PLAIN), id="in a program that is a zip"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100) + zipped(PLAIN), id="in a picture that is a zip"),
        pytest.param(gzip.decompress(tarred(gzip.compress(PLAIN))), id="in gzip in a plain tar"),
        pytest.param(b"x" * 4000 + PLAIN.decode().encode("utf-16-le"), id="in UTF-16 after four kilobytes"),
        pytest.param(PLAIN.decode().encode("utf-32"), id="utf-32"),
        pytest.param(b'KEY = "AKIAQ3EG\\\nRIFKLT7ZVWXN"\n', id="over a continued line"),
        pytest.param(b'KEY = "AKIAQ3EG" \\\n    "RIFKLT7ZVWXN"\n', id="in two strings over a continued line"),
        pytest.param(b'KEY = ("AKIAQ3EG"\n    "RIFKLT7ZVWXN")\n', id="in two strings"),
        pytest.param(b"const key = 'AKIAQ3EG' +\n  'RIFKLT7ZVWXN';\n", id="in a sum of strings"),
        pytest.param(base64.b64encode(bytes(600) + PLAIN), id="in base 64 after what is no text"),
        pytest.param(base64.b64encode(PLAIN.decode().encode("utf-16-le")), id="in base 64 of UTF-16"),
        pytest.param("".join(f"\\u00{byte:02x}" for byte in PLAIN).encode(), id="in escapes of JSON"),
        pytest.param(PLAIN.hex("-").encode(), id="hexadecimal with hyphens"),
        pytest.param(PLAIN.hex("\n", 8).encode(), id="hexadecimal over lines"),
        pytest.param(", ".join(f"0x{byte:02x}" for byte in PLAIN).encode(), id="a list of bytes"),
    ],
)
def test_a_key_is_found_however_it_is_dressed(content: bytes) -> None:
    report = review(change("", files={"data.bin": content}))
    assert [item.path for item in report.findings if item.rule.id == "secret-in-code"] == ["data.bin"]
    assert KEY not in repr(report)


@pytest.mark.req("RV3")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(bytes(80 * 2**20)), id="a bomb"),
        pytest.param(zipped(zipped(zipped(zipped(zipped(b"x"))))), id="too deep"),
        pytest.param(gzip.compress(b"x" * 1000)[:20], id="half"),
        pytest.param(zipped(b"x" * 100)[:60], id="cut off"),
        pytest.param(b"\x1f\x8b" + b"nonsense" * 10, id="not what it says"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(100), id="7z"),
        pytest.param(b"Rar!\x1a\x07\x01\x00" + bytes(100), id="rar"),
        pytest.param(b"\x28\xb5\x2f\xfd" + bytes(100), id="zstandard"),
        pytest.param(zipped(b"7z\xbc\xaf\x27\x1c" + bytes(100)), id="7z in a zip"),
        pytest.param(b"!<arch>\n" + bytes(100), id="a Debian package"),
    ],
)
def test_an_archive_that_cannot_be_looked_into_blocks(content: bytes) -> None:
    for files, history in (({"a.zip": content}, ()), ({}, (PushedBlob("c" * 40, "a.zip", content),))):
        report = review(change("", files=files, history=history))
        assert "archive-not-readable" in rules(report)
        assert not report.passed


def test_many_archives_together_are_as_much_as_one() -> None:
    files = {f"a{number}.gz": gzip.compress(bytes([number]) * (40 * 2**20), 1) for number in range(4)}
    found = [item for item in review(change("", files=files)).findings if item.rule.id == "archive-not-readable"]
    assert [item.message for item in found] == [
        "the archives of this push unpack to more than can be reviewed together"
    ]


@pytest.mark.parametrize(
    "content", [b"BZh is no archive\n", b"PK is what they say\n", b"x" * 600 + b"ustar\0", bytes(2048)]
)
def test_what_only_looks_like_an_archive_is_left_alone(content: bytes) -> None:
    report = review(change("", files={"notes.txt": content}))
    assert report.passed
    assert "archive-not-readable" not in rules(report)


@pytest.mark.req("RV3")
def test_the_line_of_a_key_in_two_strings_is_where_it_begins() -> None:
    code = "x = (\n    'a'\n    'b'\n)\ny = 'c' + 'd'\nKEY = ('AKIAQ3EG'\n       'RIFKLT7ZVWXN')\n"
    (found,) = [item for item in review(change(code)).findings if item.rule.id == "secret-in-code"]
    assert (found.path, found.line) == ("desk/code.py", 6)


@pytest.mark.parametrize(
    "fill", [b"a", b'"" ', b"% 41", b"AKIA", b"\\\n", b"b64/", bytes(1), b"x = 'a' + 'b'\n", b"0x41, "]
)
def test_five_megabytes_of_anything_are_read(fill: bytes) -> None:
    assert "secret-in-code" not in rules(review(change("", files={"data.bin": fill * (5 * 2**20 // len(fill))})))


@pytest.mark.req("RV6")
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("desk/__pycache__/app.cpython-311.pyc", b"\xa7\r\r\n"),
        ("desk/fast.so", b"anything"),
        ("desk/tool", b"\x7fELF\x02"),
        ("desk/tool.bin", b"\xcf\xfa\xed\xfe"),
    ],
)
def test_compiled_code_is_not_taken(path: str, content: bytes) -> None:
    report = review(change("", files={path: content}))
    assert "compiled-code" in rules(report)
    assert not report.passed


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"x = 1\0\n", id="a zero"),
        pytest.param("x = 'é'\n".encode("latin-1"), id="Latin 1 and does not say so"),
        pytest.param("# coding: latin-1\nx = 'é'\n".encode("latin-1"), id="Latin 1"),
        pytest.param(b"# coding: utf-7\n# +AAo-eval(input())\n", id="code in a comment by UTF-7"),
        pytest.param(b"# coding: unicode_escape\n# \\u000aeval(input())\n", id="code in a comment by escapes"),
        pytest.param("x = 1\n".encode("utf-16"), id="UTF-16"),
        pytest.param("# coding: cp037\n".encode("cp037"), id="EBCDIC"),
        pytest.param(b"# coding: no-such\n", id="an encoding that there is not"),
        pytest.param(b"(" * 3000 + b")" * 3000, id="too deep"),
    ],
)
def test_a_python_file_that_cannot_be_read_blocks(content: bytes) -> None:
    report = review(change("", files={"desk/odd.py": content}))
    assert "syntax-error" in rules(report)
    assert not report.passed


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfx = 1\n", "# -*- coding: utf-8 -*-\nx = 'é'\n".encode(), b""])
def test_a_python_file_in_utf8_is_read_whatever_it_says_of_that(content: bytes) -> None:
    assert review(change("", files={"desk/plain.py": content})).findings == ()


def test_a_name_with_escape_codes_is_shown_without_them() -> None:
    report = review(change("", files={"\x1b[2Jname\n.py": f'KEY = "{KEY}"\n'.encode()}))
    said = "\n".join(refusal_lines(report.blocking, (), "http://x"))
    assert "\\x1b[2Jname\\n.py" in said
    assert "\x1b" not in said


def test_ordinary_files_hold_no_secrets() -> None:
    noise = random.Random(1).randbytes(200_000)
    files = {"logo.png": noise, "lock": hashlib.sha256(b"x").hexdigest().encode() * 100, "b64": base64.b64encode(noise)}
    assert "secret-in-code" not in rules(review(change("", files=files)))


@pytest.mark.req("RV3", "SE1")
def test_a_value_of_the_vault_is_found_whatever_its_shape() -> None:
    report = review(change("greeting = 'blue horse'\n"), known_secret=lambda text: "blue horse" in text)
    assert "secret-in-code" in rules(report)


@pytest.mark.parametrize(
    "line", ['password = "changeme-please"', 'token = os.environ["TOKEN"]', 'url = "postgres://u:${PW}@h/d"']
)
def test_placeholders_are_no_secrets(line: str) -> None:
    assert "secret-in-code" not in rules(review(change(line + "\n")))


@pytest.mark.req("RV4")
def test_an_undeclared_host_is_found_with_the_edit_that_declares_it() -> None:
    report = review(change('URL = "https://api.other.example/x"\nGOOD = "https://api.declared.example/x"\n'))
    found = [item for item in report.findings if item.rule.id == "undeclared-host"]
    assert len(found) == 1
    assert '[egress] allow = ["api.other.example:443"]' in found[0].message


@pytest.mark.req("RV4", "RT7")
def test_the_queue_of_an_app_is_there_where_workers_get_messages() -> None:
    code = 'import os\nX = os.environ["BAILIWICK_QUEUE_URL"]\ndef handle(message): ...\n'
    worker = b'[workers.mail]\nrun = "desk.code:handle"\n'
    assert rules(review(change(code))) == {"undeclared-variable"}
    assert rules(review(change(code, files={"bailiwick.toml": MANIFEST + worker}))) == set()
    loop = worker + b"queue = false\n"
    assert rules(review(change(code, files={"bailiwick.toml": MANIFEST + loop}))) == {"undeclared-variable"}
    missing = worker.replace(b"handle", b"handel")
    assert rules(review(change(code, files={"bailiwick.toml": MANIFEST + missing}))) == {"entrypoint-missing"}


@pytest.mark.req("RV4")
def test_an_undeclared_integration_is_found() -> None:
    report = review(change('import os\nX = os.environ["BILLING_URL"]\nY = os.environ["ORDERS_URL"]\n'))
    assert [item.rule.id for item in report.findings] == ["undeclared-integration"]


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({"bailiwick.toml": b"[app]\nnam = 'x'\n"}, "manifest-invalid"),
        ({"bailiwick.toml": b"[app\n"}, "manifest-invalid"),
        ({"desk/app.py": b"other = 1\n"}, "entrypoint-missing"),
        ({"requirements.txt": b"flask\n"}, "dependencies-not-locked"),
        ({"requirements.lock": b"flask==3.0.0\n"}, "dependencies-not-locked"),
    ],
)
def test_a_manifest_or_lock_that_does_not_hold_is_explained(files: dict[str, bytes], rule: str) -> None:
    report = review(change("", files=files))
    assert rule in rules(report)
    assert all(item.rule.fix for item in report.findings)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (Entry(b"../up", "100644", "blob", 1), "path-leaves-tree"),
        (Entry(b"a/.GIT/config", "100644", "blob", 1), "path-leaves-tree"),
        (Entry(b"link", "120000", "blob", 1), "symlink"),
        (Entry(b"module", "160000", "commit", 0), "submodule"),
        (Entry(b"caf\xe9.py", "100644", "blob", 1), "name-not-utf8"),
        (Entry(b"big.bin", "100644", "blob", 6 * 2**20), "file-too-large"),
        (Entry(b"DESK/app.py", "100644", "blob", 1), "path-leaves-tree"),
    ],
)
def test_the_shape_of_the_tree_is_checked(entry: Entry, rule: str) -> None:
    normal = change("")
    report = review(Change(normal.tree, (*normal.entries, entry), normal.files))
    assert rule in rules(report)
    assert not report.passed


def test_a_path_that_leaves_the_tree_is_written_nowhere(tmp_path: Path) -> None:
    for path in (f"{tmp_path}/absolute.py", "../../../../../../../../" + f"{tmp_path}/up.py".lstrip("/")):
        files = (*change("").files, TreeFile(path, b"x = 1\n"))
        entries = tuple(Entry(file.path.encode(), "100644", "blob", 1) for file in files)
        report = review(Change("t" * 40, entries, files))
        assert "path-leaves-tree" in rules(report)
    assert list(tmp_path.iterdir()) == []


def test_a_hundred_thousand_files_are_refused_unread() -> None:
    entries = tuple(Entry(b"f%d" % number, "100644", "blob", 1) for number in range(100_000))
    assert rules(review(Change("t" * 40, entries, ()))) == {"too-many-files"}


@pytest.mark.req("RV1")
def test_an_engine_that_breaks_lets_nothing_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> bool:
        raise OSError("the vault is gone")

    report = review(change(""), known_secret=broken)
    assert not report.passed
    assert report.could_not_review == ("vault-values failed: OSError",)


@pytest.mark.req("RV2")
def test_sarif_names_rules_places_and_catalogue_numbers() -> None:
    log = as_sarif(review(change(BAD_SQL[0])))
    run = log["runs"][0]  # type: ignore[index]
    assert log["version"] == "2.1.0"
    assert run["results"][0]["ruleId"] == "sql-injection"
    assert "CWE-89" in run["tool"]["driver"]["rules"][0]["properties"]["tags"]


def test_a_fingerprint_stays_when_the_line_moves() -> None:
    first = review(change(BAD_SQL[0])).findings[0]
    moved = review(change("\n\n\n" + BAD_SQL[0])).findings[0]
    assert first.line != moved.line
    assert first.fingerprint == moved.fingerprint


@pytest.mark.req("RT7", "RV4")
@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b'entrypoint = "desk.app:app"\nruntime = "python3.99"', "the runtime python3.99 is not here"),
    ],
)
def test_a_push_that_asks_for_what_is_not_here_is_refused_with_words(written: bytes, said: str) -> None:
    manifest = MANIFEST.replace(b'entrypoint = "desk.app:app"', written)
    report = review(change(files={"bailiwick.toml": manifest}))
    found = [finding for finding in report.findings if finding.rule.id == "not-offered-here"]
    assert said in found[0].message
    assert not report.passed
