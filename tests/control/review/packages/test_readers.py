"""Manifests and lock files as their tools write them, and as nobody should."""

from datetime import date

import pytest

from bailiwick.control.review.engines.packages.inventory import take
from bailiwick.control.review.engines.packages.model import Package
from bailiwick.core.artifacts import TreeFile

A, B = "a" * 64, "b" * 64


def read(path: str, text: str) -> list[Package]:
    return list(take([TreeFile(path, text.encode())]).packages)


def brief(path: str, text: str) -> list[tuple[str, str, int]]:
    return [(item.name, item.version, item.line) for item in read(path, text)]


PIP = f"""\
# made by a tool
--require-hashes
Flask_Login==0.6.3 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via -r requirements.in
click==8.1.0 ; python_version >= "3.8" --hash=sha256:{A}
    # via
    #   flask-login
uvicorn[standard]>=0.20,<1  # a comment
typing.extensions===4.0.0
"""


@pytest.mark.req("RV5")
def test_pip_files_are_read_with_hashes_markers_extras_and_who_asked() -> None:
    first, second, third, fourth = read("requirements.lock", PIP)
    assert (first.name, first.version, first.line) == ("flask-login", "0.6.3", 3)
    assert first.hashes == (f"sha256:{A}", f"sha256:{B}")
    assert first.direct
    assert (second.name, second.version, second.line, second.direct) == ("click", "8.1.0", 7, False)
    assert second.hashes == (f"sha256:{A}",)
    assert (third.name, third.version, third.line) == ("uvicorn", "", 10)
    assert (fourth.name, fourth.version) == ("typing-extensions", "4.0.0")


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("git+https://code.example/team/tool.git@v1#egg=tool", "tool"),
        ("-e git+ssh://git@code.example/team/tool.git", "tool"),
        ("--editable=./local", "local"),
        ("https://files.example/tool-1.0-py3-none-any.whl", "tool"),
        ("tool @ https://files.example/x.whl", "tool"),
        ("./vendored/tool-1.0.tar.gz", "tool"),
        ("file:///srv/tool", "tool"),
    ],
)
def test_what_comes_from_elsewhere_is_seen(line: str, name: str) -> None:
    (package,) = read("requirements.txt", line + "\n")
    assert package.name == name
    assert package.origin


@pytest.mark.parametrize(
    "option",
    [
        "-i https://u:pw@index.example/",
        "--extra-index-url=http://x.example/",
        "--pre",
        "-f ./wheels",
        "--trusted-host x.example",
        "--index-url https://x.example",
    ],
)
def test_another_index_is_seen_and_its_password_shown_nowhere(option: str) -> None:
    (problem,) = take([TreeFile("requirements.txt", f"{option}\nflask==1.0\n".encode())]).problems
    assert (problem.rule, problem.line) == ("package-not-from-index", 1)
    assert "pw" not in problem.words + problem.written


def test_includes_that_are_not_in_the_tree_are_problems() -> None:
    files = [
        TreeFile("requirements.txt", b"-r requirements/base.txt\n-c ../up.txt\n-r other.list\n"),
        TreeFile("requirements/base.txt", b"flask==1.0\n"),
        TreeFile("other.list", b"x==1\n"),
    ]
    found = take(files)
    assert [(item.rule, item.line) for item in found.problems] == [
        ("package-not-from-index", 2),
        ("dependencies-not-locked", 3),
    ]
    assert [item.name for item in found.packages] == ["flask"]


PYPROJECT = """\
[project]
dependencies = [
  "flask>=2",
  "requests == 2.19.0",
]
[project.optional-dependencies]
test = ["pytest"]
[dependency-groups]
dev = ["ruff", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.11"
django = "4.2.1"
tool = {git = "https://code.example/tool.git"}
[tool.uv]
index-url = "https://elsewhere.example/simple"
"""


def test_pyproject_is_read_as_standards_poetry_and_uv_write_it() -> None:
    found = take([TreeFile("pyproject.toml", PYPROJECT.encode())])
    assert [(item.name, item.version, item.line, item.shipped) for item in found.packages] == [
        ("flask", "", 3, True),
        ("requests", "2.19.0", 4, True),
        ("pytest", "", 7, False),
        ("ruff", "", 9, False),
        ("django", "4.2.1", 12, True),
        ("tool", "", 13, True),
    ]
    assert found.packages[-1].origin == "https://code.example/tool.git"
    assert [(item.rule, item.line) for item in found.problems] == [("package-not-from-index", 15)]


UV = f"""\
version = 1
[[package]]
name = "desk"
version = "0.1.0"
source = {{ editable = "." }}

[[package]]
name = "flask"
version = "3.0.0"
source = {{ registry = "https://pypi.org/simple" }}
dependencies = [{{ name = "click" }}]
sdist = {{ url = "https://x/f.tar.gz", hash = "sha256:{A}", upload-time = "2026-11-01T10:00:00Z" }}

[[package]]
name = "tool"
version = "1"
source = {{ git = "https://code.example/tool?rev=1" }}
"""
POETRY = f"""\
[[package]]
name = "Flask"
version = "3.0.0"
files = [{{file = "f.whl", hash = "sha256:{A}"}}]
[package.dependencies]
click = ">=8"

[[package]]
name = "tool"
version = "1"
[package.source]
type = "git"
url = "https://code.example/tool.git"
"""


def test_lock_files_of_uv_poetry_pdm_and_the_standard_are_read() -> None:
    flask, tool = read("uv.lock", UV)
    assert (flask.name, flask.version, flask.line, flask.requires) == ("flask", "3.0.0", 8, ("click",))
    assert (flask.hashes, flask.uploaded, flask.origin) == ((f"sha256:{A}",), date(2026, 11, 1), "")
    assert tool.origin.startswith("https://code.example/tool")
    flask, tool = read("poetry.lock", POETRY)
    assert (flask.name, flask.hashes, flask.requires) == ("flask", (f"sha256:{A}",), ("click",))
    assert tool.origin == "https://code.example/tool.git"
    head = '[[package]]\nname = "flask"\nversion = "3"\n'
    pdm = f'{head}dependencies = ["click>=8"]\nfiles = [{{file="f", hash="sha256:{A}"}}]\n'
    assert [(item.name, item.hashes, item.requires) for item in read("pdm.lock", pdm)] == [
        ("flask", (f"sha256:{A}",), ("click",))
    ]
    standard = f'[[packages]]\nname = "flask"\nversion = "3"\nwheels = [{{name="f", hashes={{sha256="{A}"}}}}]\n'
    assert [(item.name, item.hashes) for item in read("pylock.toml", standard)] == [("flask", (f"sha256:{A}",))]


def test_pipfile_and_its_lock_are_read() -> None:
    assert brief("Pipfile", '[packages]\nflask = "==1.0"\nclick = "*"\n') == [("flask", "1.0", 2), ("click", "", 3)]
    text = f'{{"default": {{\n"flask": {{"hashes": ["sha256:{A}"], "version": "==1.0"}}}}}}'
    assert brief("Pipfile.lock", text) == [("flask", "1.0", 2)]


def test_the_head_of_a_script_and_setup_files_are_read() -> None:
    script = '# /// script\n# dependencies = [\n#   "flask==1.0",\n# ]\n# ///\nimport flask\n'
    assert brief("run.py", script) == [("flask", "1.0", 3)]
    setup = "from setuptools import setup\nsetup(\n  install_requires=['flask==1.0'],\n  cmdclass={'install': X})\n"
    found = take([TreeFile("setup.py", setup.encode())])
    assert [(item.name, item.line) for item in found.packages] == [("flask", 3)]
    assert [item.rule for item in found.problems] == ["package-install-script"]
    assert brief("setup.cfg", "[options]\ninstall_requires =\n    flask==1.0\n") == [("flask", "1.0", 3)]


PACKAGE = """\
{
  "scripts": {"start": "node .", "postinstall": "node setup.js"},
  "dependencies": {
    "express": "^4.18.2",
    "lodash": "4.17.15",
    "fork": "someone/fork#main",
    "renamed": "npm:@real/name@1.2.3",
    "local": "file:../local",
    "ours": "workspace:*"
  },
  "devDependencies": {"jest": "29.0.0"}
}
"""


def test_package_json_is_read_with_aliases_addresses_and_hooks() -> None:
    found = take([TreeFile("package.json", PACKAGE.encode())])
    assert [(item.name, item.version, item.line, bool(item.origin), item.shipped) for item in found.packages] == [
        ("express", "", 4, False, True),
        ("lodash", "4.17.15", 5, False, True),
        ("fork", "", 6, True, True),
        ("@real/name", "1.2.3", 7, False, True),
        ("local", "", 8, True, True),
        ("ours", "", 9, False, True),
        ("jest", "29.0.0", 11, False, False),
    ]
    assert [(item.rule, item.line) for item in found.problems] == [("package-install-script", 2)]


LOCK3 = """\
{
  "lockfileVersion": 3,
  "packages": {
    "": {"dependencies": {"a": "^1"}},
    "node_modules/a": {
      "version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
      "integrity": "sha512-xx", "license": "MIT", "dependencies": {"@s/b": "2"}, "hasInstallScript": true
    },
    "node_modules/a/node_modules/@s/b": {
      "version": "2.0.0", "resolved": "git+ssh://git@github.com/s/b.git#abc"
    },
    "node_modules/ours": {"resolved": "packages/ours", "link": true}
  }
}
"""
LOCK1 = """\
{"lockfileVersion": 1, "dependencies": {
  "a": {"version": "1.0.0", "integrity": "sha512-xx", "dependencies": {
     "b": {"version": "http://x.example/b.tgz"}
  }}
}}
"""


def test_locks_of_npm_are_read_in_every_version() -> None:
    first, second = read("package-lock.json", LOCK3)
    assert (first.name, first.version, first.line, first.licence) == ("a", "1.0.0", 5, "MIT")
    assert (first.hashes, first.requires, first.runs_scripts, first.direct) == (("sha512-xx",), ("@s/b",), True, True)
    assert (second.name, second.line, second.direct) == ("@s/b", 9, False)
    assert second.origin.startswith("git+ssh://")
    one, two = read("npm-shrinkwrap.json", LOCK1)
    assert (one.name, one.version, two.name, two.origin) == ("a", "1.0.0", "b", "http://x.example/b.tgz")


YARN1 = """\
# yarn lockfile v1

"@s/b@^1.0.0", "@s/b@^1.1.0":
  version "1.1.0"
  resolved "https://registry.yarnpkg.com/@s/b/-/b-1.1.0.tgz#0011"
  integrity sha512-xx
  dependencies:
    a "^1"

fork@someone/fork:
  version "2.0.0"
  resolved "https://codeload.github.com/someone/fork/tar.gz/0011"
"""
BERRY = """\
__metadata:
  version: 8

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  checksum: 10c0/aa
  languageName: node

"desk@workspace:.":
  version: 0.0.0-use.local
  resolution: "desk@workspace:."
"""
PNPM9 = """\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        version: 1.0.0
packages:
  '@s/b@2.0.0':
    resolution: {integrity: sha512-xx}
    requiresBuild: true
  a@1.0.0:
    resolution: {tarball: https://files.example/a.tgz}
snapshots:
  a@1.0.0: {}
"""


def test_locks_of_yarn_and_pnpm_are_read() -> None:
    first, second = read("yarn.lock", YARN1)
    assert (first.name, first.version, first.line, first.origin) == ("@s/b", "1.1.0", 3, "")
    assert first.hashes == ("0011", "sha512-xx")
    assert (second.name, second.version) == ("fork", "2.0.0")
    assert second.origin.startswith("https://codeload")
    assert [(item.name, item.version, item.hashes) for item in read("yarn.lock", BERRY)] == [
        ("a", "1.0.0", ("10c0/aa",))
    ]
    first, second = read("pnpm-lock.yaml", PNPM9)
    assert (first.name, first.version, first.hashes, first.runs_scripts) == ("@s/b", "2.0.0", ("sha512-xx",), True)
    assert (second.name, second.version, second.origin) == ("a", "1.0.0", "https://files.example/a.tgz")
    assert brief("pnpm-lock.yaml", "packages:\n  /@s/b/2.0.0_peer:\n    dev: true\n  /a@1.0.0(p@2):\n") == [
        ("@s/b", "2.0.0", 2),
        ("a", "1.0.0", 4),
    ]


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "{"),
        ("package-lock.json", "[" * 100_000),
        ("package-lock.json", '{"dependencies":{"a":' * 3000 + "1" + "}}" * 3000),
        ("pyproject.toml", "[project"),
        ("pyproject.toml", "a = " + "[" * 5000),
        ("uv.lock", "\0"),
        ("Pipfile.lock", '{"default": ' + "9" * 5000 + "}"),
        ("requirements.txt", "flask==1.0\n???\n"),
        ("setup.cfg", "no section\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_never_silence(path: str, text: str) -> None:
    assert take([TreeFile(path, text.encode())]).problems


NAMES = "package.json package-lock.json uv.lock Pipfile Pipfile.lock yarn.lock pnpm-lock.yaml requirements.txt"
ODD = ["", "{}", "[]", "null", "a: 1", '{"dependencies": [1], "packages": 3}', "\\\n\\\n", "x" * 100_000,
       "package = 3\nproject = 4\ntool = 5", "[[package]]\nname = 3\n"]  # fmt: skip


@pytest.mark.parametrize("path", [*NAMES.split(), "pyproject.toml"])
@pytest.mark.parametrize("text", ODD)
def test_files_of_the_wrong_shape_break_nothing(path: str, text: str) -> None:
    take([TreeFile(path, text.encode())])


def test_a_file_that_is_not_utf8_is_said_to_be() -> None:
    found = take([TreeFile("requirements.txt", "flask==1.0  # é\n".encode("latin-1"))])
    assert [item.rule for item in found.problems] == ["syntax-error"]


MEGABYTE = 2**20


@pytest.mark.req("RV5")
@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("requirements.txt", b"a\\\n"),
        ("run.py", b"# /// script\n"),
        ("yarn.lock", b"a@1:\n  version a" + b" " * 5000 + b"b\n"),
        ("pnpm-lock.yaml", b"packages:\n" + b" " * 5000 + b"\n"),
        ("setup.cfg", b"[options]\n"),
    ],
)
def test_a_megabyte_of_anything_is_read_to_its_end(path: str, unit: bytes) -> None:
    take([TreeFile(path, unit * (MEGABYTE // len(unit)))])


@pytest.mark.req("RV5")
def test_more_packages_than_anybody_installs_are_said_and_not_passed_over() -> None:
    text = "".join(f"p{number}==1.0\n" for number in range(12_000))
    found = take([TreeFile("requirements.txt", text.encode())])
    assert [item.rule for item in found.problems] == ["file-too-large"]
