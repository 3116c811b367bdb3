from dataclasses import replace
from pathlib import Path

import pytest

from bailiwick.control.review import Change, Finding, Surroundings
from bailiwick.control.review.engines.javascript import engine as javascript
from bailiwick.control.review.engines.javascript.models import models
from bailiwick.control.review.engines.javascript.modules import aliases, majors, resolve
from bailiwick.control.review.engines.javascript.patterns import is_strict, takes_out
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.templates import engine as templates
from bailiwick.control.review.rules import rules
from bailiwick.core.artifacts import TreeFile

WELL_MADE = Path(__file__).parents[2] / "assets" / "javascript" / "well_made"
ROUTE = b"const app = require('express')();\napp.get('/x', (req, res) => {\n%s\n});\n"


def found(**files: bytes) -> list[Finding]:
    tree = tuple(TreeFile(name.replace("__", "/").replace("_", "."), content) for name, content in files.items())
    change = Change("0" * 40, (), tree)
    return [*javascript.check(change, Surroundings()), *templates.check(change, Surroundings())]


def ids(**files: bytes) -> set[str]:
    return {item.rule.id for item in found(**files) if item.rule.id != "missing-security-headers"}


@pytest.mark.req("RV2")
def test_a_finding_says_how_the_value_came_there() -> None:
    (finding,) = [item for item in found(app_js=ROUTE % b"  const a = req.query.a;\n  eval('f(' + a + ')');")
                  if item.rule.id == "code-injection"]  # fmt: skip
    assert (finding.path, finding.line, finding.column) == ("app.js", 4, 3)
    assert finding.message == "the request's query.a is run as code"
    assert [(step.line, step.words) for step in finding.steps] == [
        (3, "comes in with the request: query"),
        (4, "is run as code"),
    ]


@pytest.mark.req("RV2")
def test_values_are_followed_through_files_of_both_kinds_of_modules() -> None:
    common = b"const { run } = require('./lib/run');\n" + ROUTE % b"run(req.body.command)"
    assert ids(app_js=common, lib__run_js=b"const c = require('child_process');\nexports.run = (t) => c.exec(t);") == {
        "command-injection"
    }
    modern = b"import run from '@/lib/run';\nexport async function POST(request) { run((await request.json()).c) }"
    assert ids(src__app__route_ts=modern, src__lib__run_ts=b"import { exec } from 'node:child_process';\n"
               b"export default function run(t: string) { exec(t) }") == {"command-injection"}  # fmt: skip


@pytest.mark.req("RV2")
def test_a_check_of_a_part_says_nothing_of_the_whole() -> None:
    checked = b"const fs = require('fs'); const OK = ['txt'];\n" + ROUTE
    part = b"if (!OK.includes(req.query.f.split('.')[1])) return; fs.readFile(req.query.f, () => {});"
    whole = b"if (!OK.includes(req.query.f)) return; fs.readFile(req.query.f, () => {});"
    assert ids(app_js=checked % part) == {"path-traversal"}
    assert ids(app_js=checked % whole) == set()


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "guarded",
    [
        b"if (!LIST.includes(req.query.a)) return; eval(req.query.a);",
        b"if (LIST.indexOf(req.query.a) === -1) return; eval(req.query.a);",
        b"const ok = LIST.includes(req.query.a); if (!ok) { throw new Error('no'); } eval(req.query.a);",
        b"if (LIST.includes(req.query.a)) { eval(req.query.a); }",
        b"LIST.includes(req.query.a) && eval(req.query.a);",
        b"eval(LIST.includes(req.query.a) ? req.query.a : LIST[0]);",
        b"let a = 'x'; if (LIST.includes(req.query.a)) { a = req.query.a; } eval(a);",
        b"switch (req.query.a) { case 'x': eval(req.query.a); break; default: res.end(); }",
        b"if (/^[a-z]{1,9}$/.test(req.query.a)) eval(req.query.a);",
        b"if (typeof req.query.a !== 'number') return; eval(req.query.a);",
        b"if (req.query.a === 'x') eval(req.query.a);",
    ],
)
def test_a_check_counts_where_it_holds(guarded: bytes) -> None:
    assert "code-injection" not in ids(app_js=b"const LIST = ['x', 'y'];\n" + ROUTE % guarded)


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "open_",
    [
        b"if (!LIST.includes(req.query.b)) return; eval(req.query.a);",
        b"if (!LIST.includes(req.query.a)) res.sendStatus(400); eval(req.query.a);",
        b"if (LIST.includes(req.query.a)) { res.end(); } eval(req.query.a);",
        b"if (LIST.includes(req.query.a) || req.query.force) eval(req.query.a);",
        b"if (/^[a-z]/.test(req.query.a)) eval(req.query.a);",
        b"if (/^.*$/.test(req.query.a)) eval(req.query.a);",
        b"if (typeof req.query.a === 'string') eval(req.query.a);",
        b"if (req.query.a.length < 10) eval(req.query.a);",
        b"// if (!LIST.includes(req.query.a)) return;\neval(req.query.a);",
        b"if (!req.query.list.includes(req.query.a)) return; eval(req.query.a);",
    ],
)
def test_a_check_that_proves_nothing_changes_nothing(open_: bytes) -> None:
    assert "code-injection" in ids(app_js=b"const LIST = ['x', 'y'];\n" + ROUTE % open_)


@pytest.mark.req("RV2")
def test_a_handler_is_safe_by_what_ran_before_it() -> None:
    app = b"""const app = require('express')();
const check = (req, res, next) => (/^\\w+$/.test(req.params.a) ? next() : res.sendStatus(400));
app.get('/a/:a', check, (req, res) => { eval(req.params.a); });
app.get('/b/:a', (req, res) => { new Function(req.params.a); });
"""
    assert [(item.rule.id, item.line) for item in found(app_js=app) if item.rule.id == "code-injection"] == [
        ("code-injection", 4)
    ]


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("app_js", "eval(x)".encode("utf-16"), "syntax-error"),
        ("app_js", b"eval(x)\0", "syntax-error"),
        ("app_js", b"var a = '\xe9'", "syntax-error"),
        ("app_js", b"function (", "syntax-error"),
        ("app_ts", b"const a: = 1", "syntax-error"),
        ("app_js", b"(" * 100_000, "syntax-error"),
        ("app_js", b"x = " + b"[" * 5_000 + b"]" * 5_000, "syntax-error"),
        ("app_jsx", b"<a>" * 3_000 + b"</a>" * 3_000, "syntax-error"),
        ("app_js", b"f(1);\n" * 100_000, "syntax-error"),
        ("app_js", b"".join(b"function f%d(a){return a+%d}" % (n, n) for n in range(100)), "minified-code"),
        ("page_html", b"<script>" + b"f(1);\n" * 100_000 + b"</script>", "syntax-error"),
        ("page_html", b"\xff\xfe{{", "syntax-error"),
        ("page_html", b"{{ a|safe }}" * 30_000, "too-much-to-follow"),
    ],
)
def test_what_cannot_be_read_is_never_passed_over(name: str, content: bytes, rule: str) -> None:
    assert rule in ids(**{name: content})


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbfconst a = 1;",
        b"#!/usr/bin/env node\n'use strict';",
        b"var a = 'x'" + b" + 'x'" * 20_000 + b";",
        b"var a = {}; a.a = a; a.b = { c: a, d: [a] }; f(a); JSON.stringify(a);",
        b"function f(a) { return f(g(a)); } function g(a) { return f(g(f(a))); } f(1);",
        b"class A extends B {} class B extends A { constructor() { super(); new A(); new B(); } } new A();",
        b"const a = () => {}\n\n[1, 2].forEach(a)",
        b"import a from './b.js'; export * from './a.js'; export { a };",
    ],
)
def test_odd_sources_are_read_to_their_end(content: bytes) -> None:
    assert ids(a_js=content) == set()


@pytest.mark.req("RV2")
def test_calls_that_multiply_come_to_an_end() -> None:
    many = b"".join(
        b"function f%d(a) { f%d(a + 1); f%d(a + 'x'); return f%d([a]); }\n" % (n, n + 1, n + 1, n + 1)
        for n in range(60)
    )
    found(app_js=many + ROUTE % b"f0(req.query.x);")


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"res.send('<p>' + req.query.a);", "cross-site-scripting"),
        (b"req.on('data', (c) => { x += c; });", "unbounded-input"),
        (b"User.create({ password: req.body.password });", "weak-password-storage"),
        (b"req.session.x = req.query.x;", "trust-boundary"),
    ],
)
def test_what_is_asked_of_a_function_is_read_once_however_many_calls_ask(
    line: bytes, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    walk = Node.walk
    monkeypatch.setattr(Node, "walk", lambda node: (read.append(1), walk(node))[1])
    few, many = [], []
    for count, kept in ((10, few), (100, many)):
        read.clear()
        assert len([item for item in found(app_js=ROUTE % b"\n".join([line] * count)) if item.rule.id == rule]) == count
        kept.append(len(read))
    assert many[0] < few[0] * 15


@pytest.mark.req("RV2")
def test_more_code_than_can_be_followed_at_once_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "_MOST_NODES", 20)
    seen = found(a_js=b"eval(x);", b_js=b"f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);")
    assert {(item.rule.id, item.path) for item in seen} == {("dynamic-code", "a.js"), ("too-much-to-follow", "b.js")}


@pytest.mark.req("RV2")
def test_what_a_handler_renders_is_joined_with_what_the_template_puts_out() -> None:
    app = ROUTE % b"res.render('search', { term: req.query.q, title: req.query.t });"
    assert [(item.path, item.line) for item in found(app_js=app, views__search_ejs=b"<%= title %><%- term %>")
            if item.rule.id == "cross-site-scripting"] == [("app.js", 3), ("views/search.ejs", 1)]  # fmt: skip
    assert ids(app_js=app, views__search_ejs=b"<%= title %><%= term %>") == set()


@pytest.mark.req("RV2")
def test_imports_are_resolved_as_bundlers_do() -> None:
    files = {
        "tsconfig.json": b'{ // comment\n "compilerOptions": { "baseUrl": ".", "paths": { "#/*": ["./lib/*"], }, } }',
        "lib/a.ts": b"",
        "src/b/index.js": b"",
    }
    known = aliases(files)
    assert resolve("#/a", "src/x.ts", files, known) == "lib/a.ts"
    assert resolve("@/b", "lib/a.ts", files, known) == "src/b/index.js"
    assert resolve("./a.js", "lib/c.ts", files, known) == "lib/a.ts"
    assert resolve("../../etc/passwd", "src/x.ts", files, known) is None
    assert resolve("lodash", "src/x.ts", files, known) is None
    assert aliases({"tsconfig.json": b"not json"}) == {"@/": "", "~/": ""}


@pytest.mark.req("RV2")
def test_versions_are_the_lowest_that_any_package_file_declares() -> None:
    files = {
        "package.json": b'{"dependencies": {"a": "^3.1.0", "b": "latest"}, "devDependencies": {"c": ["4"], "d": "10"}}',
        "web/package.json": b'{"dependencies": {"a": "2"}}',
        "bad/package.json": b"[" * 5_000,
        "list/package.json": b"[1]",
    }
    assert majors(files) == {"a": 2, "d": 10}


@pytest.mark.req("RV2")
@pytest.mark.parametrize(
    ("pattern", "strict"),
    [
        (r"^[a-z]+$", True), (r"^\d{1,3}$", True), (r"^[\w.-]+$", True), (r"^(asc|desc)$", True),
        (r"^[a-f0-9]{8}-[a-f0-9]{4}$", True), (r"[a-z]+", False), (r"^[a-z]+", False), (r"^.+$", False),
        (r"^[^;]+$", False), (r"^a|b$", False), (r"^[\w/]+$", False), (r"^\S+$", False), (r"^[a-z']+$", False),
    ],
)  # fmt: skip
def test_a_pattern_is_strict_when_nothing_it_lets_through_means_anything(pattern: str, strict: bool) -> None:
    assert is_strict(pattern) == strict


@pytest.mark.req("RV2")
def test_replacing_makes_safe_from_what_is_gone() -> None:
    assert takes_out("[^a-z0-9]", "g", "") == {"*"}
    assert takes_out("[^a-z0-9]", "", "") == frozenset()
    assert "log-injection" in takes_out(r"[\r\n]", "g", " ")
    assert "cross-site-scripting" in takes_out("<", "g", "&lt;")
    assert takes_out("'", "g", "''") == frozenset()


@pytest.mark.req("RV2")
@pytest.mark.parametrize("app", sorted(WELL_MADE.iterdir()), ids=lambda app: app.name)
def test_an_app_that_is_well_made_has_no_finding(app: Path) -> None:
    paths = sorted(path for path in app.rglob("*") if path.is_file())
    tree = tuple(TreeFile(path.relative_to(app).as_posix(), path.read_bytes()) for path in paths)
    change = Change("0" * 40, (), tree)
    pages = replace(change, files=tuple(file for file in tree if templates.reads(file.path)))
    assert [*javascript.check(change, Surroundings()), *templates.check(pages, Surroundings())] == []


@pytest.mark.req("RV2")
def test_the_pack_names_rules_that_there_are() -> None:
    made = models()
    named = {sink.rule for sinks in made.methods.values() for _, sink in sinks} | {
        s.rule for s in made.assigned.values()
    }
    assert named <= set(rules())
    assert made.sinks.first("eval").rule == "code-injection"
    assert made.origins.first("@request.query").kind == "request"
