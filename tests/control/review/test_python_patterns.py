"""What the rules for Python without flow hold out: hostile shapes, comments that claim, and what names may hold."""

import ast
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bailiwick.control.review import Change, Edit, Finding, Surroundings
from bailiwick.control.review.engines.python.controls import engine as controls
from bailiwick.control.review.engines.python.patterns import engine as patterns
from bailiwick.control.review.engines.python.patterns.regexes import is_slow
from bailiwick.core.artifacts import TreeFile
from tests.control.review.twins import CORPUS, twins

SOURCES = [
    path.read_text(errors="replace") for path in sorted(CORPUS.rglob("*.py")) if b"\0" not in path.read_bytes()[:4096]
][::9]


def found(code: str | bytes, path: str = "app.py", **others: str) -> list[Finding]:
    given = {path: code if isinstance(code, bytes) else code.encode()}
    given |= {f"{name}.py": text.encode() for name, text in others.items()}
    change = Change("0" * 40, (), tuple(TreeFile(name, content) for name, content in given.items()))
    return [*patterns.check(change, Surroundings()), *controls.check(change, Surroundings())]


def rules(code: str | bytes, **others: str) -> set[str]:
    return {item.rule.id for item in found(code, **others)}


ROUTE = """
from flask import Flask, request
from flask_login import current_user, login_required
app = Flask(__name__)
{before}
@app.post("/email")
@login_required
def email():
    {inside}
    current_user.email = request.form["email"]
    return "changed"
"""


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("# CSRFProtect(app) is called by the server", "pass"),
        ('"""csrf is checked elsewhere"""', "pass"),
        ("", '"""validate_on_submit, csrf and origin are checked."""'),
    ],
)
def test_what_comments_and_docstrings_claim_is_no_control(before: str, inside: str) -> None:
    assert "missing-csrf-protection" in rules(ROUTE.format(before=before, inside=inside))


@pytest.mark.req("RV2")
def test_a_control_that_is_there_counts() -> None:
    before = "from flask_wtf import CSRFProtect\nCSRFProtect(app)"
    assert "missing-csrf-protection" not in rules(ROUTE.format(before=before, inside="pass"))


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("body", "weak"),
    [
        ("name = 'sha256'\n    name = 'md5'", True),
        ("name = 'md5'\n    name = 'sha256'", False),
        ("name = 'md5'\n    for name in ('sha256', 'sha512'):\n        break", True),
        ("name = 'm' + 'd5'", True),
        ("name = 'sha'\n    name += '512'", False),
        ("name = 'md'\n    name += '5'", True),
        ("name = ['sha512', 'md5'][1]", True),
        ("name = ['sha512', 'md5'][0]", False),
        ("name = {'a': 'md5'}.get('b', 'sha512')", False),
        ("name = 'md5'\n    if not x:\n        return None\n    else:\n        name = 'sha512'", False),
        ("try:\n        name = 'sha512'\n    except Exception:\n        name = 'md5'", True),
        ("try:\n        name = 'md5'\n    finally:\n        name = 'sha512'", False),
        ("name, other = 'sha512', 'md5'", False),
        ("other, name = 'sha512', 'md5'", True),
        ("name = 'md5' if len('abc') == 4 else 'sha512'", False),
        ("name = f'{\"md\"}{5}'", True),
        ("if (name := 'md5'):\n        pass", True),
        ("match x:\n        case 1:\n            name = 'md5'\n        case _:\n            name = 'sha512'", True),
        ("with x as name:\n        pass", False),
        ("name = 'MD5'.lower()", True),
        ("names = ['sha512']\n    names[0] = x\n    name = names[0]", False),
        ("names = ['md5']\n    names.append(x)\n    name = names[0]", True),
    ],
)
def test_what_a_name_holds_where_it_is_used_decides(body: str, weak: bool) -> None:
    code = f"import hashlib\ndef sign(x):\n    {body}\n    return hashlib.new(name, x)\n"
    ast.parse(code)
    assert ("weak-hash" in rules(code)) is weak


@pytest.mark.req("RV2")
def test_constants_of_other_files_and_their_classes_are_known() -> None:
    code = "import hashlib\nfrom conf import Config\ndef sign(x):\n    return hashlib.new(Config.NAME, x)\n"
    assert "weak-hash" in rules(code, conf="class Config:\n    NAME = 'md5'\n")
    assert "weak-hash" not in rules(code, conf="class Config:\n    NAME = 'sha512'\n")


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("x = " + "(" * 150 + "1" + ")" * 150, id="brackets"),
        pytest.param("x = " + "[" * 80 + "]" * 80, id="lists"),
        pytest.param("x = " + " + ".join(["'a'"] * 5000), id="a long sum"),
        pytest.param("".join(f"if x == {n}:\n    y = {n}\n" for n in range(3000)) + "print(y)", id="many assignments"),
        pytest.param("a = 'x'\n" + "a = a + a\n" * 3000 + "password = a", id="a text that doubles"),
        pytest.param("a = 9 ** 9 ** 9 ** 9\npassword = str(a)", id="a power"),
        pytest.param("password = '{:999999999}'.format(1)", id="a wide format"),
        pytest.param("password = '%999999999d' % 1", id="a wide conversion"),
        pytest.param("password = 'x' * 999999999", id="a long text"),
        pytest.param("password = password\ntoken = secret\nsecret = token", id="names of each other"),
        pytest.param(
            "def f():\n    return g()\ndef g():\n    return f()\npassword = f()", id="functions of each other"
        ),
        pytest.param("class A(A):\n    token = A.token\n", id="a class of itself"),
        pytest.param("import re\nre.compile('(' * 400 + ')' * 400)", id="a pattern of brackets"),
        pytest.param("import re\nre.compile('(a|b|ab)*' * 200 + 'c')", id="a pattern of many loops"),
        pytest.param("import re\nre.compile('(?:a{1,9}){1,9}' * 30)", id="counted loops"),
        pytest.param("x = 1;" * 20_000, id="one line"),
        pytest.param("def f(" + ",".join(f"a{n}" for n in range(200)) + "): pass", id="parameters"),
        pytest.param("@" + "a(" * 60 + ")" * 60 + "\ndef f(): pass", id="decorators"),
        pytest.param("f" + "()" * 250, id="calls of calls"),
        pytest.param("x" + ".a" * 250 + "()", id="attributes of attributes"),
        pytest.param("lambda: " * 60 + "1", id="lambdas"),
    ],
)
def test_hostile_shapes_are_read_in_bounded_time(code: str) -> None:
    found(code)


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "code", [b"def f(:", b"\xff\xfe", b"# coding: utf-7\n", b"x = 1\0", b"x = " + b"(" * 300 + b")" * 300]
)
def test_what_cannot_be_read_is_a_finding(code: bytes) -> None:
    assert "syntax-error" in rules(code)


@pytest.mark.req("RV2")
def test_an_edit_that_is_offered_mends_the_fault_and_nothing_else() -> None:
    offered: set[str] = set()
    for twin in twins():
        if not (twin.bad and len(twin.files) == 1 and twin.files[0].path.endswith(".py")):
            continue
        before = found(twin.files[0].content, twin.files[0].path)
        for item in before:
            if item.rule.id == twin.rule and item.edit is not None:
                offered.add(twin.rule)
                after = found(edited(twin.files[0].content, item.edit), twin.files[0].path)
                assert (twin.rule, item.line) not in {(left.rule.id, left.line) for left in after}, twin.name
                assert {left.rule.id for left in after} <= {left.rule.id for left in before}, twin.name
    kinds = (
        "archive-slip autoescape-off certificate-not-verified debug-mode insecure-cookie unbounded-input unsafe-yaml"
    )
    assert set(kinds.split()) <= offered


def edited(content: bytes, edit: Edit) -> bytes:
    lines = content.decode().split("\n")
    lines[edit.first - 1 : edit.last] = edit.text.split("\n")
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        (r"^(a+)+$", True),
        (r"(a*)*b", True),
        (r"^(\w+\s?)*$", True),
        (r"(x+x+)+y", True),
        (r"(a|aa)+$", True),
        (r"((a+)+b)*", True),
        (r"^(?:[^,]+,?)+;$", True),
        (r"^(\s*\S+\s*)*$", True),
        (r"(?i)^(?:[a-z]b|[A-Z]b)+$", True),
        (r"^\w+$", False),
        (r"(a+)+", False),
        (r"^(\w+\s)*$", False),
        (r"^[\w.+-]+@[\w-]+\.[\w.-]+$", False),
        (r"(a|b)*c", False),
        (r"(?>a+)+b", False),
        (r"(a++)+b", False),
        (r"^([^/]+/)*[^/]+$", False),
        (r"^(?:[a-z]+\.)*[a-z]+$", False),
    ],
)
def test_patterns_are_slow_where_one_text_has_two_ways(pattern: str, slow: bool) -> None:
    re.compile(pattern)
    assert is_slow(pattern) is slow


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SOURCES), st.data())
def test_no_program_makes_the_rules_fail(source: str, data: st.DataObject) -> None:
    lines = source.split("\n")
    cut = data.draw(st.integers(0, len(lines)))
    moved = data.draw(st.permutations(lines[max(cut - 4, 0) : cut]))
    found("\n".join([*lines[: max(cut - 4, 0)], *moved, *lines[cut:]]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SOURCES), st.sampled_from(SOURCES), st.data())
def test_no_tree_makes_the_rules_fail(source: str, other: str, data: st.DataObject) -> None:
    """Expressions of one program are put in the places of another's."""
    try:
        tree, donor = ast.parse(source), ast.parse(other)
    except SyntaxError:
        return
    given_ = [node for node in ast.walk(donor) if isinstance(node, ast.expr)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    if not calls or not given_:
        return
    call = data.draw(st.sampled_from(calls))
    call.args[0] = data.draw(st.sampled_from(given_))
    try:
        code = ast.unparse(ast.fix_missing_locations(tree))
        ast.parse(code)
    except (SyntaxError, ValueError, AttributeError):
        return
    found(code)
