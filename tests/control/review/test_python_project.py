import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.control.review.engines.python.constants import UNKNOWN, Evaluator, local_constants
from bailiwick.control.review.engines.python.project import Project, read_project
from bailiwick.core.artifacts import TreeFile

APP = {
    "app/__init__.py": "",
    "app/db/__init__.py": "from .core import run as go, LIMIT\nfrom .tables import *\n",
    "app/db/core.py": "LIMIT = 7 * 18\ndef run(): pass\nclass Base: pass\n",
    "app/db/tables.py": "NAMES = {'new': ['at', 'id']}\n",
    "app/views.py": "from app.db import go, LIMIT as most, NAMES\nfrom db.core import *\nimport os as o\n"
    "class Page(Base): pass\n",
}


def project(files: dict[str, str] = APP) -> Project:
    return read_project([TreeFile(path, text.encode()) for path, text in files.items()])


def worth(expression: str, files: dict[str, str] = APP) -> object:
    app = project({**files, "app/here.py": f"{files['app/views.py']}\nHERE = {expression}\n"})
    module = app.modules["app.here"]
    return Evaluator(app, module).value(module.constants["HERE"])


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("go", "app.db.core.run"),
        ("most", "app.db.core.LIMIT"),
        ("o.path.join", "os.path.join"),
        ("Base", "app.db.core.Base"),
        ("NAMES", "app.db.tables.NAMES"),
        ("print", "print"),
        ("go()", ""),
    ],
)
def test_a_name_is_followed_to_where_it_comes_from(written: str, name: str) -> None:
    app = project()
    expression = ast.parse(written, mode="eval").body
    assert app.name_of(app.modules["app.views"], expression) == name


def test_a_class_knows_the_classes_above_it() -> None:
    app = project()
    own, foreign = app.ancestry(app.modules["app.views"].classes["Page"])
    assert [cls.name for cls in own] == ["Page", "Base"]
    assert foreign == []


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("most > 100", True),
        ("NAMES['new'][1].upper()", "ID"),
        ("'sys' + 'tem'", "system"),
        ("f'{most}!'", "126!"),
        ("'%s-%s' % ('a', 'b')", "a-b"),
        ("''.join(['e', 'v', 'al'])", "eval"),
        ("'lave'[::-1]", "eval"),
        ("chr(101) + 'val'", "eval"),
        ("bytes([101, 118]).decode()", "ev"),
        ("1 if most else 2", 1),
        ("not most", False),
        ("unheard + 1", UNKNOWN),
        ("10 ** 10 ** 10", UNKNOWN),
        ("'x' * 10 ** 9", UNKNOWN),
        ("'%999999d' % 1", UNKNOWN),
        ("1 << 10 ** 9", UNKNOWN),
        ("1 / 0", UNKNOWN),
    ],
)
def test_an_expression_of_constants_is_folded_and_never_too_far(expression: str, value: object) -> None:
    assert worth(expression) == value


@given(st.from_regex(r"[0-9a-z'\[\](){}+*%,. <]{1,20}", fullmatch=True))
def test_folding_any_expression_ends_quietly(expression: str) -> None:
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError):
        return
    app = project()
    Evaluator(app, app.modules["app.views"]).value(tree.body)


def test_a_name_that_is_assigned_twice_is_not_constant() -> None:
    written = b"def f(p):\n a = 1\n b = 1\n b = 2\n c: int = 3\n for d in p: e = 1\n p = 1\n"
    module = read_project([TreeFile("app.py", written)]).modules["app"]
    assert set(local_constants(module.index.nodes[id(module.tree.body[0])])) == {"a", "c", "e"}


def test_the_code_cells_of_a_notebook_are_read() -> None:
    cells = [{"cell_type": "code", "source": ["%pip install x\n", "X = 1"]}, {"cell_type": "markdown", "source": "("}]
    app = project({"report.ipynb": json.dumps({"cells": cells}), "bad.ipynb": "{}"})
    assert set(app.modules["report"].constants) == {"X"}
    assert [fault.path for fault in app.faults] == ["bad.ipynb"]


@pytest.mark.parametrize("text", ["x = " + "+".join("a" * 600), "if a:\n pass\n" + "elif a:\n pass\n" * 300])
def test_what_is_long_is_not_deep(text: str) -> None:
    assert project({"a.py": text}).faults == []


def test_what_is_deep_is_refused() -> None:
    (fault,) = project({"a.py": "x = " + "a(" * 80 + ")" * 80 + ".b" * 400}).faults
    assert fault.rule.id == "syntax-error"
