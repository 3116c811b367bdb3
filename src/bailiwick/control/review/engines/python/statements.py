"""What each form of statement does to the names of a frame: ways part, come together, and end."""

import ast
from collections.abc import Callable as Function
from collections.abc import Sequence

from bailiwick.control.review.engines.python.aliases import held_alike, is_changeable, item_in_hand
from bailiwick.control.review.engines.python.attributes import attribute, iterated
from bailiwick.control.review.engines.python.checked import choose
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.definitions import define_class, define_function
from bailiwick.control.review.engines.python.frames import Frame, Loop, State, joined_states
from bailiwick.control.review.engines.python.guards import refine
from bailiwick.control.review.engines.python.matching import go_through_match
from bailiwick.control.review.engines.python.names import imported
from bailiwick.control.review.engines.python.parts import element, stepped, truth, without_item
from bailiwick.control.review.engines.python.run import Given, Run, written
from bailiwick.control.review.engines.python.sinks import check_answer, check_stored
from bailiwick.control.review.engines.python.storing import assign, change
from bailiwick.control.review.engines.python.values import EMPTY, InstanceOf, Value

_MOST_ROUNDS = 4
# So many names are copied and joined in the time of a node.
_NAMES_A_NODE = 8
_TESTS = (ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Attribute, ast.Subscript)
# Calls that raise where they do not hold.
_RAISING = frozenset({"relative_to"})
_NUMBERS = frozenset({"int", "float"})


def execute(run: Run, frame: Frame, body: Sequence[ast.stmt]) -> None:
    """Go through statements, until nothing goes on."""
    for statement in body:
        if frame.names is None:
            return
        handler = _FORMS.get(type(statement))
        if handler is not None:
            handler(run, frame, statement)


def _expression(run: Run, frame: Frame, node: ast.Expr) -> None:
    run.evaluate(frame, node.value)
    if isinstance(node.value, ast.Call):
        _note_passed(run, frame, node.value)
        if _never_returns(run, frame, node.value):
            frame.end()


def _note_passed(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note what is known once a call went well that raises when a check fails."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NUMBERS and node.args:
        choose(run, frame, node.args[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RAISING:
        refine(run, frame, node, True)


_ENDS = frozenset(
    "flask.abort quart.abort werkzeug.exceptions.abort bottle.abort sys.exit exit quit os._exit os.abort "
    "sanic.exceptions.abort flask_restful.abort flask_restx.abort rest_framework.exceptions.abort".split()
)


def _never_returns(run: Run, frame: Frame, node: ast.Call) -> bool:
    name = run.project.name_of(frame.module, node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    return name in _ENDS


def _assign(run: Run, frame: Frame, node: ast.Assign) -> None:
    value = run.evaluate(frame, node.value)
    if frame.names is None:
        return
    _note_passed(run, frame, node.value)
    for target in node.targets:
        _put(run, frame, target, value, node)
    if is_changeable(value) or value.items is not None:
        _note_aliases(run, frame, node, value)
    if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        _note_test(frame, node.targets[0].id, node.value)


def _note_aliases(run: Run, frame: Frame, node: ast.Assign, value: Value) -> None:
    """Note what now holds the same: several targets, or a target and the place that the value was in."""
    first = node.targets[0]
    for other in node.targets[1:]:
        if is_changeable(value):
            frame.aliases.join(first, other)
    for place, source in held_alike(first, node.value):
        # A name that is only read gives what it holds; nothing is called once more.
        if is_changeable(value if source is node.value else run.evaluate(frame, source)):
            frame.aliases.join(place, source)


def _put(run: Run, frame: Frame, target: ast.expr, value: Value, node: ast.stmt) -> None:
    if value.labels and isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        value = stepped(value, frame.module.path, node.lineno, f"becomes {written(target, 40)}")
    check_stored(run, frame, target, value, node)
    assign(run, frame, target, value)


def _note_test(frame: Frame, name: str, value: ast.expr) -> None:
    if isinstance(value, _TESTS):
        frame.tests[name] = value
    else:
        frame.tests.pop(name, None)


def _annotated(run: Run, frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is not None:
        _put(run, frame, node.target, run.evaluate(frame, node.value), node)


def _augmented(run: Run, frame: Frame, node: ast.AugAssign) -> None:
    combined = ast.BinOp(node.target, node.op, node.value)
    ast.copy_location(combined, node)
    value = run.evaluate(frame, combined)
    if is_changeable(value):
        # A list is added to where it is.
        change(run, frame, node.target, value)
    else:
        _put(run, frame, node.target, value, node)


def _if(run: Run, frame: Frame, node: ast.If) -> None:
    decided = truth(run.evaluate(frame, node.test))
    if frame.names is None:
        return
    if decided is not None:
        refine(run, frame, node.test, decided)
        run.execute(frame, node.body if decided else node.orelse)
        return
    other = frame.fork()
    run.spend(len(other or ()) // _NAMES_A_NODE)
    refine(run, frame, node.test, True)
    run.execute(frame, node.body)
    after, frame.names = frame.names, other
    refine(run, frame, node.test, False)
    run.execute(frame, node.orelse)
    frame.names = joined_states(after, frame.names)


def _for(run: Run, frame: Frame, node: ast.For | ast.AsyncFor) -> None:
    source = run.evaluate(frame, node.iter)
    item = iterated(run, frame, source, node.iter)
    if item.labels:
        item = stepped(item, frame.module.path, node.lineno, f"becomes {written(node.target, 40)}")

    def begin() -> None:
        assign(run, frame, node.target, item)
        if is_changeable(item):
            frame.aliases.join(node.target, item_in_hand(node.iter))

    is_empty = source.items is not None and source.items.rest is None and not source.items.known
    if not is_empty or source.items is None or source.items.kind == "dict":
        _go_round(run, frame, node.body, begin, node.orelse, certain=False)
    else:
        run.execute(frame, node.orelse)


def _while(run: Run, frame: Frame, node: ast.While) -> None:
    decided = truth(run.evaluate(frame, node.test))
    if decided is False:
        run.execute(frame, node.orelse)
        return
    forever = isinstance(node.test, ast.Constant) and bool(node.test.value)

    def begin() -> None:
        run.evaluate(frame, node.test)
        refine(run, frame, node.test, True)

    _go_round(run, frame, node.body, begin, node.orelse, certain=forever)
    if not forever and frame.names is not None:
        refine(run, frame, node.test, False)


def _go_round(
    run: Run,
    frame: Frame,
    body: Sequence[ast.stmt],
    begin: Function[[], None],
    orelse: Sequence[ast.stmt],
    *,
    certain: bool,
) -> None:
    """Go through a loop until nothing new comes of it. `certain` says that it ends by `break` only."""
    loop = Loop()
    frame.loops.append(loop)
    head = frame.fork()
    for _ in range(_MOST_ROUNDS):
        loop.continues = []
        frame.names = None if head is None else dict(head)
        begin()
        run.execute(frame, body)
        after = frame.names
        for state in loop.continues:
            after = joined_states(after, state)
        again = joined_states(head, after)
        if again == head:
            break
        head = again
    frame.loops.pop()
    frame.names = None if certain else (None if head is None else dict(head))
    if frame.names is not None:
        run.execute(frame, orelse)
    for state in loop.breaks:
        frame.names = joined_states(frame.names, state)


def _break(_: Run, frame: Frame, __: ast.Break) -> None:
    if frame.loops and frame.names is not None:
        frame.loops[-1].breaks.append(frame.names)
    frame.end()


def _continue(_: Run, frame: Frame, __: ast.Continue) -> None:
    if frame.loops and frame.names is not None:
        frame.loops[-1].continues.append(frame.names)
    frame.end()


def _try(run: Run, frame: Frame, node: ast.Try | ast.TryStar) -> None:
    before = frame.fork()
    raised: State | None = before
    for statement in node.body:
        if frame.names is None:
            break
        run.execute(frame, [statement])
        run.spend(len(raised or ()) // _NAMES_A_NODE)
        raised = joined_states(raised, frame.fork() if frame.names is not None else dict(frame.last))
    if frame.names is not None:
        run.execute(frame, node.orelse)
    after = frame.names
    for handler in node.handlers:
        frame.names = None if raised is None else dict(raised)
        if handler.name and frame.names is not None:
            caught = run.evaluate(frame, handler.type) if handler.type is not None else EMPTY
            frame.names[handler.name] = _caught(caught)
        run.execute(frame, handler.body)
        after = joined_states(after, frame.names)
    frame.names = after
    if node.finalbody:
        ended = frame.names is None
        if ended:
            frame.names = None if raised is None else dict(raised)
        run.execute(frame, node.finalbody)
        if ended:
            frame.names = None


def _caught(kind: Value) -> Value:
    """Return what an exception that was caught is: of the app's own classes, with the fields of such."""
    shapes = tuple(InstanceOf(shape.definition) for shape in kind.shapes if hasattr(shape, "definition"))
    return Value(shapes=shapes)


def _with(run: Run, frame: Frame, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        value = run.evaluate(frame, item.context_expr)
        entered = _entered(run, frame, value, item.context_expr)
        if item.optional_vars is not None and frame.names is not None:
            assign(run, frame, item.optional_vars, entered)
    run.execute(frame, node.body)


def _entered(run: Run, frame: Frame, value: Value, node: ast.expr) -> Value:
    if value.items is not None and value.items.kind == "generator":
        return element(value)
    for shape in value.shapes:
        if isinstance(shape, InstanceOf):
            for name in ("__enter__", "__aenter__"):
                if shape.definition.find(name) is not None:
                    return run.call(frame, node, attribute(run, frame, value, name, node), Given())
    return value


def _return(run: Run, frame: Frame, node: ast.Return) -> None:
    value = Value(None) if node.value is None else run.evaluate(frame, node.value)
    if frame.names is not None:
        check_answer(run, frame, value, node)
        frame.returns.append((value, frame.names, node))
    frame.end()


def _raise(run: Run, frame: Frame, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            run.evaluate(frame, part)
    frame.end()


def _assert(run: Run, frame: Frame, node: ast.Assert) -> None:
    decided = truth(run.evaluate(frame, node.test))
    if decided is False:
        frame.end()
    else:
        refine(run, frame, node.test, True)


def _delete(run: Run, frame: Frame, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name) and frame.names is not None:
            frame.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            owner, key = run.evaluate(frame, target.value), run.evaluate(frame, target.slice)
            if owner.items is not None and key.const is not UNKNOWN and not key.labels:
                change(run, frame, target.value, owner.with_items(without_item(owner.items, key.const)))


def _global(_: Run, frame: Frame, node: ast.Global) -> None:
    if frame.code is not None:
        frame.globals.update(node.names)


def _nonlocal(_: Run, frame: Frame, node: ast.Nonlocal) -> None:
    frame.nonlocals.update(node.names)


def _import(run: Run, frame: Frame, node: ast.Import) -> None:
    if frame.names is None:
        return
    for alias in node.names:
        name = alias.asname or alias.name.split(".")[0]
        frame.names[name] = imported(run, frame.module, alias.name if alias.asname else alias.name.split(".")[0])


def _import_from(run: Run, frame: Frame, node: ast.ImportFrom) -> None:
    if frame.names is None:
        return
    for alias in node.names:
        name = alias.asname or alias.name
        if alias.name != "*":
            dotted = frame.module.imports.get(name, alias.name)
            frame.names[name] = imported(run, frame.module, dotted)


def _match(run: Run, frame: Frame, node: ast.Match) -> None:
    go_through_match(run, frame, node)


_FORMS: dict[type, Function[..., None]] = {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.If: _if,
    ast.For: _for, ast.AsyncFor: _for, ast.While: _while, ast.Break: _break, ast.Continue: _continue, ast.Try: _try,
    ast.TryStar: _try, ast.With: _with, ast.AsyncWith: _with, ast.Return: _return, ast.Raise: _raise,
    ast.Assert: _assert, ast.Delete: _delete, ast.Global: _global, ast.Nonlocal: _nonlocal, ast.Import: _import,
    ast.ImportFrom: _import_from, ast.Match: _match, ast.FunctionDef: define_function,
    ast.AsyncFunctionDef: define_function, ast.ClassDef: define_class,
}  # fmt: skip
