"""Entrypoints that do not import are found before the app would start, and those that do are left alone."""

import pytest

from bailiwick.control.review.engines import entrypoints
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import parse_manifest


def found(files: dict[str, str], entrypoint: str = "desk.app:app") -> list[tuple[str, int, str]]:
    manifest = parse_manifest(f'[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "{entrypoint}"\n')
    tree = {path: TreeFile(path, text.encode()) for path, text in files.items()}
    return [(item.path, item.line, item.message) for item in entrypoints.check(manifest, tree)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, ("bailiwick.toml", 0, "there is no desk/app.py"), id="no module"),
        pytest.param(
            {"desk/app.py": "other = 1\n"}, ("desk/app.py", 1, "desk/app.py does not define it"), id="no name"
        ),
        pytest.param({"desk/app.py": "def make():\n    app = 1\n"}, ("desk/app.py", 1, "define it"), id="a local name"),
        pytest.param(
            {"desk/app.py": "x = [app for app in ()]\n"}, ("desk/app.py", 1, "define it"), id="in a loop's own"
        ),
        pytest.param(
            {"desk/app.py": "app = 1\n", "desk/app/__init__.py": ""},
            ("desk/app/__init__.py", 1, "does not define it"),
            id="a package of the same name",
        ),
        pytest.param(
            {"desk/app.py": "from desk.make import app\n", "desk/make.py": "made = 1\n"},
            ("desk/app.py", 1, "desk/make.py does not define app"),
            id="imported and not there",
        ),
        pytest.param(
            {"desk/__init__.py": "", "desk/app.py": "import os\nimport desk.nowhere\napp = 1\n"},
            ("desk/app.py", 2, "desk has no module nowhere"),
            id="a module that is not there",
        ),
        pytest.param(
            {"desk/__init__.py": "", "desk/app.py": "from . import nowhere\napp = 1\n"},
            ("desk/app.py", 1, "desk/__init__.py does not define nowhere"),
            id="a relative one",
        ),
        pytest.param(
            {"desk/app.py": "from desk.views import show\napp = 1\n", "desk/views.py": "from desk.app import app\n"},
            ("desk/views.py", 1, "they import each other"),
            id="circular",
        ),
        pytest.param(
            {
                "desk/__init__.py": "from desk.app import app\nVERSION = 1\n",
                "desk/app.py": "from desk import VERSION\napp = 1\n",
            },
            ("desk/app.py", 1, "they import each other"),
            id="circular by the package",
        ),
    ],
)
def test_an_entrypoint_that_does_not_import_is_found(files: dict[str, str], expected: tuple[str, int, str]) -> None:
    path, line, words = found(files)[0]
    assert (path, line) == expected[:2]
    assert expected[2] in words


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"desk/app.py": "app = 1\n"}, id="a package without __init__"),
        pytest.param({"desk/app/__init__.py": "app = 1\n"}, id="a package"),
        pytest.param({"desk/app.py": "if 1:\n    app = 1\nelse:\n    def app(): ...\n"}, id="under a condition"),
        pytest.param({"desk/app.py": "with open('x') as app: ...\n"}, id="with"),
        pytest.param({"desk/app.py": "(app := 1)\n"}, id="walrus"),
        pytest.param({"desk/app.py": "try:\n    from fast import app\nexcept ImportError:\n    app = 1\n"}, id="try"),
        pytest.param({"desk/app.py": "from flask import *\n"}, id="a star of a package"),
        pytest.param({"desk/app.py": "from desk.all import *\n", "desk/all.py": "app = 1\n"}, id="a star of its own"),
        pytest.param({"desk/app.py": "def __getattr__(name): return 1\n"}, id="made when asked for"),
        pytest.param({"desk/app.py": "globals()['app'] = 1\n"}, id="made at run time"),
        pytest.param({"desk/app.py": "def f():\n    global app\n    app = 1\nf()\n"}, id="global"),
        pytest.param({"desk/app.py": "def broken(:\n"}, id="does not parse, which another finding says"),
        pytest.param(
            {"desk/__init__.py": "", "desk/app.py": "from . import views\napp = 1\n", "desk/views.py": "x = 1\n"},
            id="a module by its package",
        ),
        pytest.param(
            {"desk/app.py": "app = 1\nimport desk.views\n", "desk/views.py": "from desk.app import app\n"},
            id="circular and in time",
        ),
        pytest.param(
            {"desk/app.py": "import desk.views\napp = 1\n", "desk/views.py": "import desk.app\n"},
            id="circular by name only",
        ),
        pytest.param(
            {
                "desk/app.py": "from desk.views import show\napp = 1\n",
                "desk/views.py": "def show():\n    from desk.app import app\n",
            },
            id="circular when called",
        ),
        pytest.param(
            {
                "desk/app.py": "from desk.views import show\napp = 1\n",
                "desk/views.py": "if TYPE_CHECKING:\n    from desk.app import app\nshow = 1\n",
            },
            id="circular for types only",
        ),
        pytest.param(
            {"desk/app.py": "import docs.conf\napp = 1\n", "docs/index.md": ""}, id="a folder that is no package"
        ),
    ],
)
def test_an_entrypoint_that_may_import_is_left_alone(files: dict[str, str]) -> None:
    assert found(files) == []


@pytest.mark.req("RT7")
def test_on_node_an_entrypoint_is_a_file_that_is_there() -> None:
    text = '[app]\nname = "desk"\npurpose = "Looks up orders"\nruntime = "node20"\nentrypoint = "dist/server.js"\n'
    manifest = parse_manifest(text + '[jobs.nightly]\nschedule = "0 2 * * *"\nrun = "nightly.js"\n')
    tree = {"dist/server.js": TreeFile("dist/server.js", b"")}
    assert [item.message for item in entrypoints.check(manifest, tree)] == [
        "jobs.nightly names nightly.js, but there is no such file"
    ]
