"""Which files an app's entrypoints reach: what hides from that is reached all the same."""

import pytest

from bailiwick.control.review.engines.imports import reach
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import parse_manifest

MANIFEST = '[app]\nname = "desk"\npurpose = "Looks up orders"\nentrypoint = "desk.app:app"\n'


def reached(files: dict[str, str], manifest: str = MANIFEST) -> set[str]:
    tree = {path: TreeFile(path, text.encode()) for path, text in files.items()}
    return set(reach(parse_manifest(manifest), tree).reached)


@pytest.mark.req("RV4", "RV12")
@pytest.mark.parametrize(
    ("code", "path"),
    [
        pytest.param("from desk import load", "desk/load.py", id="a name of a package"),
        pytest.param("from . import load", "desk/load.py", id="relative"),
        pytest.param("from .inner.load import x", "desk/inner/load.py", id="deeper"),
        pytest.param("def f():\n    import desk.load", "desk/load.py", id="inside a function"),
        pytest.param("try:\n    import desk.load\nexcept ImportError: ...", "desk/load.py", id="guarded"),
        pytest.param("import load", "desk/load.py", id="beside it"),
        pytest.param("import desk.load", "src/desk/load.py", id="under src"),
        pytest.param("import sys\nsys.path.insert(0, 'x')\nimport load", "x/load.py", id="the path of modules changed"),
        pytest.param("import importlib\nimportlib.import_module('lo' + 'ad')", "x/load.py", id="made at run time"),
        pytest.param("__import__('lo' + 'ad')", "x/load.py", id="by the function behind import"),
        pytest.param("exec(open('x/lo' + 'ad.py').read())", "x/load.py", id="read and run"),
        pytest.param("URLS = 'desk.load'", "desk/load.py", id="named for a framework"),
        pytest.param("RUN = 'desk.load:main'", "desk/load.py", id="named with an object"),
        pytest.param("RUN = ['python', 'x/load.py']", "x/load.py", id="named as a file"),
        pytest.param("", "sitecustomize.py", id="imported by Python itself"),
        pytest.param("import tests.load", "tests/load.py", id="among the tests"),
    ],
)
def test_a_file_that_may_run_is_reached(code: str, path: str) -> None:
    files = {"desk/__init__.py": "", "desk/app.py": f"app = 1\n{code}\n", path: "x = 1\n"}
    assert path in reached(files)


@pytest.mark.req("RV4")
def test_what_nothing_leads_to_is_not_reached_and_jobs_are_starts() -> None:
    files = {
        "desk/__init__.py": "",
        "desk/app.py": "app = 1\n",
        "desk/night.py": "import desk.more\n",
        "desk/more.py": "",
    }
    assert reached({**files, "scripts/load.py": ""}) == {"desk/__init__.py", "desk/app.py"}
    job = f'{MANIFEST}[jobs.nightly]\nschedule = "0 2 * * *"\nrun = "desk.night:main"\n'
    assert {"desk/night.py", "desk/more.py"} <= reached(files, job)


def test_without_an_entrypoint_that_is_there_every_file_counts() -> None:
    assert reached({"other.py": "", "more/x.py": ""}) == {"other.py", "more/x.py"}
