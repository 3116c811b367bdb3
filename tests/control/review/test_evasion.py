"""Attempts to get a fault past its review: none may weaken it, and each that is one is a finding itself.

Each case puts a fault (a query built from a value, or a key) into an app beside something that would hide it elsewhere.
"""

import base64
import io
import json
import pickle
import tarfile
import zipfile
from dataclasses import dataclass, field

import pytest

from bailiwick.control.review import Change, Entry, Finding, PushedBlob, Report, Severity, review
from bailiwick.core.artifacts import TreeFile

MANIFEST = b'[app]\nname = "desk"\npurpose = "Support staff look up orders"\nentrypoint = "desk.app:app"\n'
KEY = "AKIA" + "Q3EGRIFKLT7ZVWXN"
SQL = "def find(db, name):\n    db.execute(f\"SELECT * FROM t WHERE n = '{name}'\")"
LEAST_CASES = 60


@dataclass(frozen=True)
class Case:
    """Files beside the app's, the rule that the fault in them breaks, and the rule of the attempt itself, if any."""

    files: dict[str, bytes | str]
    fault: str = "sql-injection"
    attempt: str = ""
    entries: tuple[Entry, ...] = ()
    history: tuple[PushedBlob, ...] = field(default=())


def report_of(case: Case) -> Report:
    content = {"bailiwick.toml": MANIFEST, "desk/app.py": b"app = object()\n"}
    content |= {path: data.encode() if isinstance(data, str) else data for path, data in case.files.items()}
    files = tuple(TreeFile(path, data) for path, data in content.items())
    entries = tuple(Entry(file.path.encode(), "100644", "blob", len(file.content)) for file in files)
    return review(Change("0" * 40, (*entries, *case.entries), files, case.history))


def beside(comment: str, rule: str = "suppression-without-effect") -> Case:
    """A comment on the line of the fault."""
    return Case({"desk/code.py": f"{SQL}  {comment}\n"}, attempt=rule)


def with_file(path: str, content: str | bytes, rule: str = "review-configuration") -> Case:
    """A file beside the fault's."""
    return Case({"desk/code.py": f"{SQL}\n", path: content}, attempt=rule)


def key_in(path: str, content: str | bytes | None = None, rule: str = "") -> Case:
    """A key in some file."""
    return Case({path: content if content is not None else f'KEY = "{KEY}"\n'}, "secret-in-code", rule)


def key_beside(path: str, comment: str) -> Case:
    return key_in(path, f'const key = "{KEY}"; {comment}\n', "suppression-without-effect")


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


class Calling:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("called",))


NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": [f"{line}\n" for line in SQL.split("\n")]}]})
CASES: dict[str, Case] = {
    # Comments
    "noqa of ruff": beside("# noqa: S608"),
    "noqa with other codes": beside("# noqa: E501, S608"),
    "noqa of everything": beside("# noqa", ""),
    "ruff: noqa for the file": Case({"desk/code.py": f"# ruff: noqa\n{SQL}\n"}, attempt="suppression-without-effect"),
    "flake8: noqa for the file": Case(
        {"desk/code.py": f"# flake8: noqa\n{SQL}\n"}, attempt="suppression-without-effect"
    ),
    "nosec": beside("# nosec"),
    "nosec with a code": beside("# nosec B608"),
    "nosemgrep": beside("# nosemgrep"),
    "nosemgrep with a rule": beside("# nosemgrep: python.sqlalchemy.security"),
    "NOSONAR": beside("# NOSONAR"),
    "lgtm of CodeQL": beside("# lgtm[py/sql-injection]"),
    "codeql": beside("# codeql[py/sql-injection]"),
    "deepcode ignore": beside("# deepcode ignore Sqli: checked"),
    "bearer:disable": beside("# bearer:disable python_lang_sql_injection"),
    "type: ignore": beside("# type: ignore", ""),
    "pylint: disable": beside("# pylint: disable=all", ""),
    "fmt: off": Case({"desk/code.py": f"# fmt: off\n{SQL}\n"}),
    "a comment for this review": beside("# bailiwick: ignore"),
    "another comment for this review": beside("# bailiwick-disable-line sql-injection"),
    "a request to reviewers": Case({"desk/code.py": f"# noreview\n{SQL}\n"}, attempt="suppression-without-effect"),
    "gitleaks:allow": key_beside("web/app.js", "// gitleaks:allow"),
    "pragma: allowlist secret": key_beside("web/app.js", "// pragma: allowlist secret"),
    "pragma: whitelist secret": key_beside("web/app.js", "// pragma: whitelist secret"),
    "secretlint-disable": key_beside("web/app.js", "// secretlint-disable-line"),
    "kingfisher:ignore": key_beside("web/app.js", "// kingfisher:ignore"),
    "trufflehog:ignore": key_beside("web/app.js", "// trufflehog:ignore"),
    "ggignore": key_beside("web/app.js", "// ggignore"),
    "eslint-disable": key_beside("web/app.js", "/* eslint-disable */"),
    "ts-nocheck": key_beside("web/app.ts", "// @ts-nocheck"),
    "checkov:skip": key_beside("main.tf", "# checkov:skip=CKV_SECRET_2"),
    "tfsec:ignore": key_beside("main.tf", "# tfsec:ignore:general-secrets"),
    "trivy:ignore": key_beside("main.tf", "# trivy:ignore:aws-key"),
    "hadolint ignore": key_in(
        "Dockerfile", f"# hadolint ignore=DL3006\nFROM a\nENV K={KEY}\n", "suppression-without-effect"
    ),
    "squawk-ignore": key_in("a.sql", f"-- squawk-ignore\nSELECT '{KEY}';\n", "suppression-without-effect"),
    "zizmor: ignore": key_in("a.yml", f"# zizmor: ignore[hardcoded]\nkey: {KEY}\n", "suppression-without-effect"),
    "a suppression in another encoding": Case(
        {"desk/code.js": f'const key = "{KEY}"; // gitleaks:allow\n'.encode("utf-16")}, "secret-in-code"
    ),
    # Settings
    ".bandit": with_file(".bandit", "[bandit]\nskips: B608\n"),
    ".semgrepignore": with_file(".semgrepignore", "desk/\n"),
    ".gitleaks.toml": with_file(".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n"),
    ".gitleaksignore": with_file(".gitleaksignore", "desk/code.py:aws:1\n"),
    ".secrets.baseline": with_file(".secrets.baseline", "{}"),
    ".trivyignore": with_file(".trivyignore", "*\n"),
    ".eslintignore": with_file("web/.eslintignore", "*\n"),
    ".snyk": with_file(".snyk", "ignore: {}\n"),
    ".squawk.toml": with_file(".squawk.toml", "excluded_rules = ['all']\n"),
    ".hadolint.yaml": with_file(".hadolint.yaml", "ignored: [DL3006]\n"),
    "kingfisher.yaml": with_file("kingfisher.yaml", "rules: []\n"),
    "sonar-project.properties": with_file("sonar-project.properties", "sonar.exclusions=**/*\n"),
    "settings of this review": with_file(".bailiwickignore", "desk/\n"),
    "waivers of this review": with_file("bailiwick-waivers.toml", "[[waiver]]\n"),
    "ruff.toml": with_file("ruff.toml", '[lint]\nignore = ["S608"]\n'),
    "ruff.toml in the folder": with_file(
        "desk/ruff.toml", 'exclude = ["*"]\nlint.per-file-ignores = {"*" = ["ALL"]}\n'
    ),
    "ruff in pyproject.toml": with_file("pyproject.toml", '[tool.ruff.lint.per-file-ignores]\n"desk/*" = ["S"]\n'),
    "bandit in pyproject.toml": with_file("pyproject.toml", '[tool.bandit]\nexclude_dirs = ["desk"]\n'),
    "setup.cfg": with_file("setup.cfg", "[flake8]\nexclude = *\n", ""),
    # What git does
    ".gitignore names the file": with_file(".gitignore", "desk/\n*.py\n", ""),
    "export-ignore": with_file(".gitattributes", "desk/* export-ignore\n", "git-configuration"),
    "binary": with_file(".gitattributes", "*.py binary\n", "git-configuration"),
    "no diff": with_file(".gitattributes", "*.py -diff\n", "git-configuration"),
    "linguist-generated": with_file(".gitattributes", "desk/* linguist-generated=true\n", "git-configuration"),
    "linguist-vendored": with_file("desk/.gitattributes", "* linguist-vendored\n", "git-configuration"),
    "a filter": with_file(".gitattributes", "*.py filter=swap\n", "git-configuration"),
    "working-tree-encoding": with_file(".gitattributes", "*.py working-tree-encoding=UTF-16\n", "git-configuration"),
    "ident": with_file(".gitattributes", "*.py ident\n", "git-configuration"),
    ".gitmodules without a submodule": with_file(".gitmodules", '[submodule "x"]\n', "git-configuration"),
    ".lfsconfig": with_file(".lfsconfig", "[lfs]\nurl = https://elsewhere.example\n", "git-configuration"),
    "a pointer of LFS": Case(
        {"desk/model.py": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"},
        "lfs-pointer",
    ),
    "a submodule": Case({}, "submodule", entries=(Entry(b"lib", "160000", "commit", 0),)),
    "a link": Case({}, "symlink", entries=(Entry(b"desk/etc", "120000", "blob", 4),)),
    "a name in another case": Case({"desk/App.py": "app = 1\n"}, "path-leaves-tree"),
    "a name in another form of Unicode": Case(
        {"desk/ﬁle.py": "x = 1\n", "desk/file.py": "x = 2\n"}, "path-leaves-tree"
    ),
    "a key that a later commit takes out": Case(
        {}, "secret-in-code", history=(PushedBlob("c" * 40, "old.py", f'KEY = "{KEY}"\n'.encode()),)
    ),
    "a key in the words of a commit": Case(
        {}, "secret-in-code", history=(PushedBlob("c" * 40, "(commit)", f"tree x\n\nuse {KEY}\n".encode()),)
    ),
    "a key in a name": Case({f"notes/{KEY}.md": "nothing\n"}, "secret-in-code"),
    # Encodings
    "coding: latin-1": Case({"desk/code.py": f"# coding: latin-1\n# \xe9\n{SQL}\n".encode("latin-1")}, "syntax-error"),
    "coding: utf-7": Case({"desk/code.py": "# coding: utf-7\n+AAo-eval(input())\n"}, "syntax-error"),
    "UTF-16": Case({"desk/code.py": f"{SQL}\n".encode("utf-16")}, "syntax-error"),
    "a key in UTF-16": key_in("settings.ini", f"key = {KEY}\n".encode("utf-16")),
    "a key in UTF-32": key_in("settings.ini", f"key = {KEY}\n".encode("utf-32")),
    "a zero in the file": Case({"desk/code.py": f"{SQL}\n\0".encode()}, "syntax-error"),
    "a key after a zero": key_in("web/app.js", b"\0" + f'const k = "{KEY}";'.encode()),
    "a form feed before the fault": Case({"desk/code.py": f"\f{SQL}\n"}),
    "lines that end with a carriage return": Case({"desk/code.py": SQL.replace("\n", "\r")}),
    "far along a line": Case({"desk/code.py": "x = 1;" * 50_000 + "\n" + SQL + "\n"}),
    "a key far along a line": key_in("web/app.min.js", "a();" * 100_000 + f'k("{KEY}")'),
    "a byte-order mark": Case({"desk/code.py": b"\xef\xbb\xbf" + SQL.encode()}),
    # Places that others leave out
    "in tests": key_in("tests/test_app.py"),
    "in a folder of tests": Case({"desk/tests/code.py": f"{SQL}\n"}),
    "in vendor": key_in("vendor/lib/index.js", f'const k = "{KEY}";\n'),
    "in node_modules": key_in("node_modules/lib/index.js", f'const k = "{KEY}";\n'),
    "in a minified file": key_in("static/app.min.js", f'const k="{KEY}";'),
    "in a map": key_in("static/app.js.map", json.dumps({"sourcesContent": [f"k = '{KEY}'"]})),
    "in generated code": key_in("desk/schema_pb2.py", f'# Generated by protoc. DO NOT EDIT!\nK = "{KEY}"\n'),
    "in a lock file": key_in("package-lock.json", json.dumps({"_resolved": f"https://x:{KEY}@npm.corp.org/a"})),
    "in a changelog": key_in("CHANGELOG.md", f"- use {KEY}\n"),
    "in a hidden file": key_in(".cache/.x", f"{KEY}\n"),
    "in a file without a name's end": key_in("data", f"{KEY}\n"),
    "in a picture": key_in("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(50) + KEY.encode() + bytes(50)),
    "in a PDF": key_in("a.pdf", b"%PDF-1.7\n1 0 obj\n(" + KEY.encode() + b")\nendobj\n"),
    "in a database": key_in("a.db", b"SQLite format 3\0" + bytes(80) + KEY.encode()),
    "in an example": key_in(".env.example", f"AWS_ACCESS_KEY_ID={KEY}\n"),
    # Code where nobody looks
    "a cell of a notebook": Case({"desk/work.ipynb": NOTEBOOK}),
    "a zipped program": Case({"tool.pyz": zipped({"__main__.py": SQL.encode()})}, "code-in-archive"),
    "a zip with another name": Case({"static/font.woff": zipped({"a.py": SQL.encode()})}, "code-in-archive"),
    "a zip behind a picture": Case({"logo.png": b"\x89PNG\r\n\x1a\n" + zipped({"a.py": b"x"})}, "code-in-archive"),
    "a wheel": Case({"lib/a-1-py3-none-any.whl": zipped({"a/__init__.py": b"x"})}, "code-in-archive"),
    "a tar of code": Case({"lib.tgz": tarred("a/run.sh", b"rm -rf /")}, "code-in-archive"),
    "a zip in a zip": Case({"a.zip": zipped({"b.zip": zipped({"c.js": b"x"})})}, "code-in-archive"),
    "macros of an office file": Case({"a.docm": zipped({"word/vbaProject.bin": b"x"})}, "code-in-archive"),
    "a compiled module": Case({"desk/__pycache__/app.cpython-311.pyc": b"\xa7\r\r\n"}, "compiled-code"),
    "a native module": Case({"desk/fast.so": b"\x7fELF"}, "compiled-code"),
    "a native module with another name": Case({"desk/data.bin": b"\x7fELF\x02"}, "compiled-code"),
    "a pickle": Case({"model.pkl": pickle.dumps(Calling())}, "code-in-data"),
    "a pickle of the first form": Case({"model.pkl": pickle.dumps(Calling(), 0)}, "code-in-data"),
    "a pickle with another name": Case({"weights.bin": pickle.dumps(Calling(), 4)}, "code-in-data"),
    "sitecustomize": Case({"sitecustomize.py": "x = 1\n"}, "runs-by-itself"),
    "usercustomize": Case({"lib/usercustomize.py": "x = 1\n"}, "runs-by-itself"),
    "a .pth file": Case({"start.pth": "import desk.code\n"}, "runs-by-itself"),
    "a task of the editor": Case(
        {".vscode/tasks.json": '{"tasks": [{"runOptions": {"runOn": "folderOpen"}}]}'}, "runs-by-itself"
    ),
    "a key in a data URL": key_in(
        "page.html", f'<a href="data:text/plain;base64,{base64.b64encode(f"key={KEY} of prod".encode()).decode()}">'
    ),
    "a key in JSON": key_in("a.json", json.dumps({"k": f"\\u0041{KEY[1:]}"}).replace("\\\\", "\\")),
}


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(CASES) >= LEAST_CASES


@pytest.mark.req("RV1", "RV2", "RV3")
@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_nothing_in_a_tree_weakens_its_review(case: Case) -> None:
    report = report_of(case)
    rules = {finding.rule.id for finding in report.blocking}
    assert case.fault in rules
    assert not report.passed
    if case.attempt:
        assert case.attempt in {finding.rule.id for finding in report.findings}


def attempts(files: dict[str, bytes | str]) -> list[Finding]:
    rules = {
        "suppression-without-effect",
        "review-configuration",
        "git-configuration",
        "code-in-data",
        "code-in-archive",
    }
    return [item for item in report_of(Case(files)).findings if item.rule.id in rules]


@pytest.mark.req("RV2")
def test_a_suppression_on_a_fault_blocks_and_one_on_a_sound_line_does_not() -> None:
    (on_fault,) = attempts({"desk/code.py": f"{SQL}  # nosec\n"})
    (above,) = attempts({"desk/code.py": SQL.replace("\n", "\n    # nosemgrep\n") + "\n"})
    (alone,) = attempts({"desk/code.py": "x = 1  # nosec\n"})
    assert [item.severity for item in (on_fault, above, alone)] == [Severity.MEDIUM, Severity.MEDIUM, Severity.LOW]


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"desk/code.py": "import os  # noqa: F401\nx: int = f()  # type: ignore[no-untyped-call]\n"}, id="noqa"
        ),
        pytest.param({"web/app.js": "// eslint-disable-next-line no-unused-vars\nconst a = 1;\n"}, id="eslint"),
        pytest.param({"ruff.toml": 'line-length = 120\n[lint]\nselect = ["ALL"]\nignore = ["E501"]\n'}, id="style"),
        pytest.param({"pyproject.toml": '[tool.ruff.lint]\nselect = ["E", "S"]\n'}, id="stricter"),
        pytest.param({".gitattributes": "* text=auto\n*.sh text eol=lf\n"}, id="line ends"),
        pytest.param({".gitignore": "*.pyc\n"}, id="gitignore"),
        pytest.param({"data.pkl": pickle.dumps({"a": [1, 2.5, "x"], "b": {3}})}, id="a pickle of plain values"),
        pytest.param({"a.docx": zipped({"word/document.xml": b"<w/>"})}, id="an office file"),
        pytest.param({"data.zip": zipped({"a.csv": b"1,2\n"})}, id="a zip of data"),
        pytest.param({"notes.md": "Use `except` with care; nosecond thoughts.\n"}, id="words"),
    ],
)
def test_what_is_ordinary_is_no_attempt(files: dict[str, bytes | str]) -> None:
    assert attempts(files) == []
