import ast
import copy
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines.python.analysis import check
from bailiwick.control.review.engines.python.knowledge import expanded, knowledge
from bailiwick.control.review.engines.python.signs import allowed_signs, refused_signs
from bailiwick.control.review.model import BLOCKING
from bailiwick.control.review.rules import rules
from bailiwick.core.artifacts import TreeFile

TWINS = Path(__file__).parents[2] / "assets" / "twins"


def found(code: str = "", *, files: dict[str, str] | None = None) -> list[Finding]:
    content = files or {"app.py": code}
    tree = tuple(TreeFile(path, text.encode()) for path, text in content.items())
    return list(check(Change("0" * 40, (), tree), Surroundings()))


def ids(code: str) -> set[str]:
    return {finding.rule.id for finding in found(code)}


@pytest.mark.req("RV2")
def test_a_finding_says_which_way_the_value_took() -> None:
    files = {
        "views.py": "from flask import Flask, request\nfrom store import find\napp = Flask(__name__)\n"
        "@app.route('/find')\ndef page():\n    name = request.args['name']\n    return {'rows': find(name)}\n",
        "store.py": "def find(who):\n    query = f\"SELECT * FROM people WHERE name = '{who}'\"\n"
        "    return cursor().execute(query).fetchall()\n",
    }
    (finding,) = found(files=files)
    assert finding.rule.id == "sql-injection"
    assert (finding.path, finding.line, finding.column) == ("store.py", 3, 12)
    assert finding.message == "request.args['name'] reaches cursor().execute() as part of the query"
    assert [(step.path, step.line, step.words) for step in finding.steps] == [
        ("views.py", 6, "request.args['name'] comes in"),
        ("views.py", 6, "becomes name"),
        ("views.py", 7, "is given to find() as who"),
        ("store.py", 2, "becomes query"),
        ("store.py", 3, "request.args['name'] reaches cursor().execute() as part of the query"),
    ]


@pytest.mark.req("RV2")
def test_an_ordinary_app_of_many_modules_is_followed_to_its_end() -> None:
    module = (
        "from flask import Blueprint, request\nfrom app.m{before} import Store as Above\n"
        "part = Blueprint('p', __name__)\n"
        "class Store(Above):\n    def __init__(self, base):\n        super().__init__(base)\n        self.own{n} = []\n"
        "    def keep(self, text):\n        self.own{n}.append(text)\n        return super().keep(text)\n"
        "    def find(self, name):\n        return self.base.execute('SELECT 1 WHERE a = ?', (name,))\n"
        "@part.route('/{n}')\ndef page():\n    store = Store(None)\n    store.keep(request.args['a'])\n"
        "    return {{'rows': store.find(request.args['b'])}}\n"
    )
    files = {f"app/m{n}.py": module.format(n=n, before=n - 1 if n % 10 else "base") for n in range(60)}
    files["app/mbase.py"] = (
        "class Store:\n    def __init__(self, base):\n        self.base = base\n        self.all = []\n"
        "    def keep(self, text):\n        self.all.append(text)\n        return len(self.all)\n"
    )
    files["app/last.py"] = (
        "from flask import request\nfrom app.m9 import Store, part\n@part.route('/last')\ndef last():\n"
        "    store = Store(open_base())\n    store.keep(request.args['a'])\n"
        "    store.base.execute('SELECT ' + store.all[0])\n"
    )
    assert {(item.rule.id, item.path) for item in found(files=files)} == {("sql-injection", "app/last.py")}


@pytest.mark.req("RV2")
def test_lines_are_those_that_python_counts() -> None:
    code = "import os\r\n\x0c\rNOTE = '\u2028 \x85 \x0b'\nos.system(input())\n"
    (finding,) = (item for item in found(code) if item.rule.id == "command-injection")
    assert (finding.line, finding.excerpt) == (4, "os.system(input())")


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("expression", "harmful"),
    [
        ("x.strip().lower()", True),
        ("x[1:-1]", True),
        ("x.encode().decode()", True),
        ("'%s' % x", True),
        ("'{}'.format(x)", True),
        ("f'{x!s:>10}'", True),
        ("str(x)", True),
        ("' '.join([x, 'a'])", True),
        ("' '.join(reversed(['a', x]))", True),
        ("' '.join(sorted({x}))", True),
        ("x if len(x) > 3 else 'a'", True),
        ("x or 'a'", True),
        ("(lambda t: 'echo ' + t)(x)", True),
        ("next(t for t in [x])", True),
        ("{'a': x}['a']", True),
        ("{**{'a': x}}['a']", True),
        ("dict(a=x)['a']", True),
        ("[*[x]][0]", True),
        ("(y := x)", True),
        ("list(map(str.upper, [x]))[0]", True),
        ("json.loads(json.dumps({'a': x}))['a']", True),
        ("getattr(request, 'ar' + 'gs')['y']", True),
        ("copy.deepcopy(x)", True),
        ("x.split(',')[0]", True),
        ("x.partition(',')[2]", True),
        ("max(x, 'a')", True),
        ("(x, 'a')[0]", True),
        ("int(x)", False),
        ("str(len(x))", False),
        ("f'{x:d}'", False),
        ("'%d' % x", False),
        ("'a' if x == 'b' else 'c'", False),
        ("{'a': x, 'b': 'c'}['b']", False),
        ("[x, 'a'][1]", False),
        ("(x, 'a')[-1]", False),
        ("TABLE[x]", False),
        ("TABLE.get(x, 'none')", False),
        ("hashlib.sha256(x.encode()).hexdigest()", False),
        ("shlex.quote(x)", False),
        ("str(uuid.UUID(x))", False),
        ("x if x in ('a', 'b') else 'a'", False),
        ("x if x.isalnum() else ''", False),
        ("re.sub(r'[^a-z0-9]', '', x)", False),
        ("str(x == 'a')", False),
        ("x and 'a'[0:0]", True),
        ("'a' if 1 > 2 and x else 'b'", False),
        ("str(datetime.date.fromisoformat(x))", False),
    ],
)
def test_what_an_expression_makes_of_a_value(expression: str, harmful: bool) -> None:
    code = (
        "import copy, datetime, hashlib, json, os, re, shlex, uuid\nfrom flask import Flask, request\n"
        "app = Flask(__name__)\nTABLE = {'a': 'ls', 'b': 'date'}\n\n"
        f"@app.route('/x')\ndef page():\n    x = request.args['x']\n    os.system({expression})\n    return {{}}\n"
    )
    assert ("command-injection" in ids(code)) is harmful


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("body", "harmful"),
    [
        ("while True:\n    y = x\n    if y in ('a', 'b'):\n        break", False),
        ("while True:\n    y = x\n    if len(y) > 2:\n        break", True),
        ("y = ''\nfor sign in x:\n    y += sign", True),
        ("y = ''\nfor sign in x:\n    y += 'a'", False),
        ("try:\n    y = int(x)\nexcept ValueError:\n    y = x", True),
        ("try:\n    y = int(x)\nexcept ValueError:\n    y = 0", False),
        ("try:\n    y = 'a'\n    check()\nfinally:\n    y = x", True),
        ("y = x\nif not re.fullmatch('[a-z]+', y):\n    raise ValueError", False),
        ("y = x\nif not re.fullmatch('.+', y):\n    raise ValueError", True),
        ("y = x\nif re.search(r'[^a-z0-9]', y):\n    raise ValueError", False),
        ("y = x\nif re.search(r'[;&]', y):\n    raise ValueError", True),
        ("y = x\nassert y in ('a', 'b')", False),
        ("y = x\nif any(sign in y for sign in ';&|'):\n    raise ValueError", True),
        ("y = x\nif not all(sign.isalnum() or sign in '_-' for sign in y):\n    raise ValueError", False),
        ("y = x\nif y not in ('a', 'b') and len(y) > 3:\n    raise ValueError", True),
        ("y = x\nif y not in ('a', 'b') or len(y) > 3:\n    raise ValueError", False),
        ("y = x\nif y == 'a' or y == 'b':\n    pass\nelse:\n    y = 'c'", False),
        ("y = x\nmatch y:\n    case 'a' | 'b':\n        pass\n    case _:\n        y = 'c'", False),
        ("y = x\nmatch y:\n    case 'a' | 'b':\n        pass\n    case other:\n        y = other", True),
        ("a, *b = [x, 'k', 'k']\ny = b[0]", False),
        ("a, *b = ['k', x, 'k']\ny = b[0]", True),
        ("y = 'a'\ndef change():\n    nonlocal y\n    y = x\nchange()", True),
        ("y = 'a'\ndef change():\n    y = x\nchange()", False),
        ("things = ['a']\nthings.insert(0, x)\ny = things[0]", True),
        ("things = ['a']\nthings.insert(0, x)\ny = things[1]", False),
        ("things = {}\nthings.setdefault('a', x)\ny = things['a']", True),
        ("things = {'a': 'k'}\nthings.update(b=x)\ny = things['a']", False),
        ("things = {'a': x}\nthings.pop('a')\ny = things.get('a', 'k')", False),
        ("class Box:\n    pass\nbox = Box()\nbox.a, box.b = x, 'k'\ny = box.a", True),
        ("class Box:\n    pass\nbox = Box()\nbox.a, box.b = x, 'k'\ny = box.b", False),
        ("buffer = io.StringIO()\nbuffer.write(x)\ny = buffer.getvalue()", True),
        ("buffer = io.StringIO()\nbuffer.write('k')\ny = buffer.getvalue()", False),
        ("threading.Thread(target=os.popen, args=('k',)).start()\ny = 'k'", False),
        ("y = x\nallowed = y.isidentifier()\nif not allowed:\n    raise ValueError", False),
        ("if False:\n    y = x\nelse:\n    y = 'k'", False),
        ("y = 'k'\nif 'debug' == 'de' + 'bug':\n    y = x", True),
    ],
)
def test_what_statements_make_of_a_value(body: str, harmful: bool) -> None:
    inner = "\n".join(f"    {line}" for line in body.splitlines())
    code = (
        "import io, os, re, threading\nfrom flask import Flask, request\napp = Flask(__name__)\n\n"
        f"@app.route('/x')\ndef page():\n    x = request.args['x']\n{inner}\n    os.system(y)\n    return {{}}\n"
    )
    assert ("command-injection" in ids(code)) is harmful


@pytest.mark.req("RV2")
def test_an_argument_of_an_unknown_caller_is_found_in_queries_and_commands_only() -> None:
    code = "def f(db, name):\n    db.execute(f'SELECT {name}')\n    open(f'/srv/{name}')\n"
    assert ids(code) == {"sql-injection"}


@pytest.mark.req("RV2")
def test_a_function_that_is_called_is_judged_by_its_calls() -> None:
    code = "def f(db, name):\n    db.execute(f'SELECT {name}')\n\ndef main(db):\n    f(db, 'a')\n    f(db, 'b')\n"
    assert found(code) == []


@pytest.mark.req("RV2")
def test_what_cannot_be_followed_to_the_end_blocks() -> None:
    lines = [f"    if a == {n}:\n        x{n} = a\n    else:\n        y{n} = a" for n in range(1500)]
    complaints = found("def f(a):\n" + "\n".join(lines))
    assert [finding.rule.id for finding in complaints] == ["too-complex-to-review"]
    assert complaints[0].line == 1
    assert complaints[0].rule.severity >= BLOCKING


# Each method calls every other, with a list that grows.
MUTUAL = "class A:\n" + "".join(
    f"    def m{n}(self, x):\n        self.a{n} = x\n" + "".join(f"        self.m{m}(x + [{n}])\n" for m in range(12))
    for n in range(12)
)


@pytest.mark.parametrize(
    "code",
    [
        "\n".join(
            ["def f0(x):\n    return x"]
            + [f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x + 'b')" for n in range(1, 60)]
        )
        + "\nf59(input())",
        "def f(a):\n" + "".join(" " * (n + 1) + f"for x{n} in a:\n" for n in range(18)) + " " * 19 + "a = a + x3\n",
        "x = [1]\n" + "x = [x, x]\n" * 100 + "print(f'{x}')",
        "a = 'x' * 1000\n" + "a = a + a\n" * 100,
        "x = " + "f(" * 90 + "a" + ")" * 90,
        "def d(f):\n    def w(*a, **k):\n        return f(*a, **k) + f(*a, **k)\n    return w\n"
        + "@d\n" * 25
        + "def g(x):\n    return x\ng(input())",
        "def f(x):\n    return f(g(x))\ndef g(x):\n    return g(f(x))\nf(input())",
        MUTUAL + "A().m0([])\n",
        "class A(B): pass\nclass B(A): pass\nA().x",
        "from app import *\nfrom app import x\nx()",
        "x = ['abc', " + "'abc', " * 20_000 + "]",
    ],
)
def test_what_is_odd_is_followed_all_the_same(code: str) -> None:
    assert {finding.rule.id for finding in found(code)} <= {"command-injection"}


def _programs() -> list[str]:
    return [path.read_text() for path in sorted(TWINS.glob("*/*flow_*.py"))]


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0))
def test_no_program_breaks_the_engine(seed: int) -> None:
    chance = random.Random(seed)
    programs = _programs()
    tree, other = ast.parse(chance.choice(programs)), ast.parse(chance.choice(programs))
    expressions = [node for node in ast.walk(other) if isinstance(node, ast.expr)]
    statements = [node for node in ast.walk(other) if isinstance(node, ast.stmt)]
    for node in list(ast.walk(tree)):
        for name, value in list(ast.iter_fields(node)):
            if isinstance(value, ast.expr) and chance.random() < 0.1:
                setattr(node, name, copy.deepcopy(chance.choice(expressions)))
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt) and chance.random() < 0.3:
                value.insert(chance.randrange(len(value) + 1), copy.deepcopy(chance.choice(statements)))
    try:
        code = ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, TypeError, AttributeError):
        return
    assert all(finding.rule.id in rules() for finding in found(code))


@pytest.mark.parametrize(
    ("pattern", "function", "signs"),
    [
        ("[a-c]+", "fullmatch", "abc"),
        ("^[a-c]+$", "match", "abc"),
        ("[a-c]+$", "match", "abc"),
        ("[a-c]+$", "search", None),
        ("[a-c]+", "match", None),
        (".*", "fullmatch", None),
        (r"(?:a|b)(?P<n>c)?\Z", "match", "abc"),
        ("(?m)^a$", "search", None),
        ("(", "fullmatch", None),
    ],
)
def test_a_pattern_says_which_signs_it_lets_through(pattern: str, function: str, signs: str | None) -> None:
    assert allowed_signs(pattern, function) == (None if signs is None else frozenset(signs))


def test_a_pattern_says_which_signs_a_search_excludes() -> None:
    assert refused_signs("[<>]") == frozenset("<>")
    assert ";" in refused_signs("[^a-z]+")
    assert refused_signs("ab") == frozenset()


def test_every_sink_of_the_pack_has_a_rule_and_every_name_is_well_formed() -> None:
    known = knowledge()
    for sinks in known.methods.values():
        assert all(sink.rule in rules() for sink in sinks)
    assert list(expanded("{a,b}.{c,d}()")) == ["a.c()", "a.d()", "b.c()", "b.d()"]
    assert known.sources.find("flask.request.args")
    assert known.calls.find("os.system")[0].rule == "command-injection"
