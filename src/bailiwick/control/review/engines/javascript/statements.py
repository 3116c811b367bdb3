"""Statements: what holds after them, and whether what follows is reached."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript import assignments, guards
from bailiwick.control.review.engines.javascript.binding import bind
from bailiwick.control.review.engines.javascript.objects import element, export, exported, make_class
from bailiwick.control.review.engines.javascript.scopes import Exit, Scope, common, meet, restore, snapshot
from bailiwick.control.review.engines.javascript.syntax import Node
from bailiwick.control.review.engines.javascript.values import NOTHING, UNKNOWN, Thing, Value, join_taints

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter

_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_CLASSES = frozenset({"class_declaration", "abstract_class_declaration"})


def execute_all(run: "Interpreter", statements: Sequence[Node], scope: Scope) -> bool:
    """Go through statements in order, functions first as they are known everywhere in their block."""
    for statement in statements:
        inner = statement.get("declaration") if statement.kind == "export_statement" else statement
        if inner is not None and inner.kind in _FUNCTIONS:
            _declare_function(run, inner, scope)
    return all(run.execute(statement, scope) for statement in statements)


def expression(run: "Interpreter", node: Node, scope: Scope) -> bool:
    """Go through an expression that stands alone."""
    for child in node.children if node.kind == "expression_statement" else [node]:
        run.evaluate(child, scope)
        if child.kind == "call_expression" and child.text.startswith("process.exit("):
            return False
    return True


def _block(run: "Interpreter", node: Node, scope: Scope) -> bool:
    return execute_all(run, node.children, scope.inner())


def _declare_function(run: "Interpreter", node: Node, scope: Scope) -> None:
    name = node.get("name")
    if name is not None:
        scope.declare(name.text, run.closure(node, scope, name.text))


def _function(_: "Interpreter", __: Node, ___: Scope) -> bool:
    return True


def _class(run: "Interpreter", node: Node, scope: Scope) -> bool:
    name = node.get("name")
    made = make_class(run, node, scope)
    if name is not None:
        scope.declare(name.text, made)
    return True


def _declaration(run: "Interpreter", node: Node, scope: Scope) -> bool:
    for child in node.children:
        if child.kind == "variable_declarator":
            name, value = child.get("name"), child.get("value")
            if name is None or (value is None and node.kind == "variable_declaration" and scope.find(name.text)):
                continue
            given = run.settled(run.evaluate(value, scope)) if value is not None else NOTHING
            if value is not None and name.kind == "identifier":
                guards.named(name.text, value, scope)
            bind(run, name, given, scope)
    return True


def _if(run: "Interpreter", node: Node, scope: Scope) -> bool:
    condition, then, otherwise = node.get("condition"), node.get("consequence"), node.get("alternative")
    known = run.evaluate(condition, scope)
    rest = otherwise.children[0] if otherwise is not None and otherwise.children else None
    if known.known and condition is not None:
        chosen = then if known.const else rest
        return True if chosen is None else run.execute(chosen, scope)
    ways: list[tuple[bool, Node | None]] = [(True, then), (False, rest)]
    return branch(run, scope, [_way(run, condition, truth, body, scope) for truth, body in ways])


def _way(
    run: "Interpreter", condition: Node | None, truth: bool, body: Node | None, scope: Scope
) -> Callable[[], bool]:
    def go() -> bool:
        if condition is not None:
            run.cleared |= guards.proven(run, condition, truth, scope)
        return True if body is None else run.execute(body, scope)

    return go


def branch(run: "Interpreter", scope: Scope, ways: Sequence[Callable[[], bool]]) -> bool:
    """Go each of several ways from the same point; what may hold after any of those that end is what holds then."""
    before, cleared = snapshot(scope), run.cleared
    ended, proofs = [], []
    run.branching += 1
    for way in ways:
        restore(before)
        run.cleared = cleared
        if way():
            ended.append(snapshot(scope))
            proofs.append(run.cleared)
    run.branching -= 1
    restore(before)
    run.cleared = common(proofs) if proofs else cleared
    meet(ended)
    return bool(ended)


def _switch(run: "Interpreter", node: Node, scope: Scope) -> bool:
    value, body = node.get("value"), node.get("body")
    subject = run.evaluate(value, scope)
    inner = scope.inner()
    cases = body.children if body is not None else []
    scope.frame.loops.append([])
    before, cleared = snapshot(inner), run.cleared
    ends, has_default, falls = [], False, False
    run.branching += 1
    for case in cases:
        label = case.get("value")
        has_default |= label is None
        if label is None and not falls and subject.known and _has_case(run, cases, subject, inner):
            continue
        if not falls:
            restore(before)
            run.cleared = cleared
        if label is not None:
            found = run.evaluate(label, scope)
            if found.known and value is not None and not falls:
                run.cleared |= guards.whole(subject)
            if found.known and subject.known and found.const != subject.const and not falls:
                continue
        falls = execute_all(run, case.all("body"), inner)
        if falls:
            ends.append(snapshot(inner))
    left = scope.frame.loops.pop()
    run.branching -= 1
    run.cleared = cleared
    meet([*ends, *[way[len(way) - len(before) :] for way in left], *([] if has_default else [before])])
    return bool(ends or left or not has_default)


def _has_case(run: "Interpreter", cases: Sequence[Node], subject: Value, scope: Scope) -> bool:
    """Return whether one of the cases is for a constant, so that the default is not gone to."""
    labels = [case.get("value") for case in cases]
    found = [run.evaluate(label, scope) for label in labels if label is not None]
    return any(value.known and value.const == subject.const for value in found)


def _loop(run: "Interpreter", node: Node, scope: Scope) -> bool:
    inner = scope.inner()
    for name in ("initializer",):
        child = node.get(name)
        if child is not None:
            run.execute(child, inner)
    condition = node.get("condition")

    def body() -> None:
        if condition is not None:
            run.evaluate(condition, inner)
            run.cleared |= guards.proven(run, condition, True, inner)
        run.execute(node.get("body") or node, inner.inner())
        run.evaluate(node.get("increment"), inner)

    _repeat(run, inner, body)
    return True


def _repeat(run: "Interpreter", scope: Scope, body: Callable[[], None]) -> None:
    """Go through a loop's body twice, so that what it leaves behind is there when it begins again."""
    cleared = run.cleared
    for _ in range(2):
        before = snapshot(scope)
        scope.frame.loops.append([])
        run.branching += 1
        body()
        run.branching -= 1
        left = scope.frame.loops.pop()
        after = snapshot(scope)
        meet([after, before, *[way[len(way) - len(before) :] for way in left]])
        run.cleared = cleared


def _for_in(run: "Interpreter", node: Node, scope: Scope) -> bool:
    left, right = node.get("left"), node.get("right")
    subject = run.evaluate(right, scope)
    operator = node.get("operator")
    inner = scope.inner()
    if operator is not None and operator.text == "in":
        given = Value(taints=subject.taints, type="string")
        for thing in subject.things:
            if thing.rest is not None:
                given = Value(taints=join_taints(given.taints, thing.rest.taints), type="string")
    else:
        given = element(subject)

    def body() -> None:
        if left is not None:
            bind(run, left, given, inner)
        run.execute(node.get("body") or node, inner.inner())

    _repeat(run, inner, body)
    return True


def _try(run: "Interpreter", node: Node, scope: Scope) -> bool:
    body, handler, finalizer = node.get("body"), node.get("handler"), node.get("finalizer")
    before = snapshot(scope)
    cleared = run.cleared
    went = body is None or run.execute(body, scope)
    after, proven = snapshot(scope), run.cleared
    caught = False
    if handler is not None:
        run.cleared = cleared
        meet([after, before])
        inner = scope.inner()
        parameter, handling = handler.get("parameter"), handler.get("body")
        if parameter is not None:
            bind(run, parameter, Value(symbol="@error"), inner)
        caught = handling is None or run.execute(handling, inner)
    handled = snapshot(scope)
    run.cleared = proven & run.cleared if caught and went else proven if went else run.cleared
    meet([*([after] if went else []), *([handled] if caught else [])])
    if finalizer is not None:
        for child in finalizer.children:
            run.execute(child, scope)
    return went or caught


def leave(run: "Interpreter", value: Node, scope: Scope) -> None:
    """Note a way out of a function: what it returns, and what is proven if that is true or false."""
    found = run.settled(run.evaluate(value, scope))
    assignments.check_answer(run, found, value, scope)
    if found.known and found.const is not UNKNOWN:
        exit_ = Exit(found, run.cleared if found.const else None, None if found.const else run.cleared)
    else:
        exit_ = Exit(
            found,
            run.cleared | guards.proven(run, value, True, scope),
            run.cleared | guards.proven(run, value, False, scope),
        )
    scope.frame.exits.append(exit_)


def _return(run: "Interpreter", node: Node, scope: Scope) -> bool:
    if node.children:
        leave(run, node.children[0], scope)
    else:
        scope.frame.exits.append(Exit(NOTHING, None, run.cleared))
    return False


def _throw(run: "Interpreter", node: Node, scope: Scope) -> bool:
    for child in node.children:
        run.evaluate(child, scope)
    return False


def _jump(_: "Interpreter", __: Node, scope: Scope) -> bool:
    if scope.frame.loops:
        scope.frame.loops[-1].append(snapshot(scope))
    return False


def _labelled(run: "Interpreter", node: Node, scope: Scope) -> bool:
    body = node.get("body")
    return True if body is None else run.execute(body, scope)


def _import(run: "Interpreter", node: Node, scope: Scope) -> bool:
    source = node.get("source")
    if source is None or node.source[node.start : node.start + 12].startswith(b"import type "):
        return True
    module = run.imported(source.text[1:-1], scope.frame.path)
    run.facts.uses.append((source.text[1:-1], node))
    for clause in (child for child in node.children if child.kind == "import_clause"):
        for child in clause.children:
            if child.kind == "identifier":
                scope.declare(child.text, exported(run, module, "default", child, scope))
            elif child.kind == "namespace_import":
                scope.declare(child.children[-1].text, exported(run, module, "*", child, scope))
            elif child.kind == "named_imports":
                for item in child.children:
                    _import_name(run, item, module, scope)
    return True


def _import_name(run: "Interpreter", item: Node, module: Value, scope: Scope) -> None:
    name, alias = item.get("name"), item.get("alias")
    if name is not None:
        scope.declare((alias or name).text, exported(run, module, name.text, item, scope))


def _export(run: "Interpreter", node: Node, scope: Scope) -> bool:
    declaration, source, value = node.get("declaration"), node.get("source"), node.get("value")
    if declaration is not None:
        run.execute(declaration, scope)
        default = any(child.kind == "default" for child in node.children)
        for declared in _declared_names(declaration):
            export(run, "default" if default else declared, scope.find(declared) or NOTHING, scope)
    elif value is not None:
        export(run, "default", run.evaluate(value, scope), scope)
    module = run.imported(source.text[1:-1], scope.frame.path) if source is not None else None
    for clause in (child for child in node.children if child.kind == "export_clause"):
        for item in clause.children:
            name, alias = item.get("name"), item.get("alias")
            if name is not None:
                found = (
                    (scope.find(name.text) or NOTHING)
                    if module is None
                    else exported(run, module, name.text, item, scope)
                )
                export(run, (alias or name).text, found, scope)
    if module is not None and "*" in node.text[:12]:
        for thing in module.things:
            for own, found in list(thing.fields.items()):
                export(run, own, found, scope)
    return True


def _declared_names(declaration: Node) -> list[str]:
    if declaration.kind in {"lexical_declaration", "variable_declaration"}:
        return [
            inner.text
            for child in declaration.children
            if (name := child.get("name")) is not None
            for inner in name.walk()
            if inner.kind in {"identifier", "shorthand_property_identifier_pattern"}
        ]
    name = declaration.get("name")
    return [name.text] if name is not None else []


def _enum(run: "Interpreter", node: Node, scope: Scope) -> bool:
    name, body = node.get("name"), node.get("body")
    thing = Thing()
    for child in body.children if body is not None else []:
        key, value = child.get("name"), child.get("value")
        thing.fields[key.text if key is not None else child.text] = run.evaluate(value, scope)
    if name is not None:
        scope.declare(name.text, Value(things=(thing,)))
    return True


def _nothing(_: "Interpreter", __: Node, ___: Scope) -> bool:
    return True


HANDLERS: dict[str, Callable[["Interpreter", Node, Scope], bool]] = {
    "statement_block": _block, "function_declaration": _function, "generator_function_declaration": _function,
    "class_declaration": _class, "abstract_class_declaration": _class, "lexical_declaration": _declaration,
    "variable_declaration": _declaration, "if_statement": _if, "switch_statement": _switch, "for_statement": _loop,
    "while_statement": _loop, "do_statement": _loop, "for_in_statement": _for_in, "try_statement": _try,
    "return_statement": _return, "throw_statement": _throw, "break_statement": _jump, "continue_statement": _jump,
    "labeled_statement": _labelled, "import_statement": _import, "export_statement": _export,
    "enum_declaration": _enum, "empty_statement": _nothing, "debugger_statement": _nothing,
}  # fmt: skip
