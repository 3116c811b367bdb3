"""Calls of the app's own functions and classes: arguments to parameters, the body, and what comes back."""

import ast

from bailiwick.control.review.engines.python.aliases import is_changeable
from bailiwick.control.review.engines.python.annotations import is_harmless
from bailiwick.control.review.engines.python.attributes import attribute
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.containers import call_method
from bailiwick.control.review.engines.python.foreign import call_external
from bailiwick.control.review.engines.python.frames import Frame, State, joined_states
from bailiwick.control.review.engines.python.guards import refine
from bailiwick.control.review.engines.python.labels import bounded
from bailiwick.control.review.engines.python.parameters import arguments, bound_parameters, defaults_of
from bailiwick.control.review.engines.python.parts import stepped, truth
from bailiwick.control.review.engines.python.run import Given, Run, Summary
from bailiwick.control.review.engines.python.sinks import check_mass
from bailiwick.control.review.engines.python.storing import change
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Callable,
    ClassOf,
    Code,
    Definition,
    External,
    InstanceOf,
    Items,
    Partial,
    Value,
    deep,
    join_all,
    labelled,
)

_DEEPEST = 20
_MOST_OF_ONE = 2
_PYDANTIC = ("pydantic.", "sqlmodel.", "ninja.", "msgspec.", "marshmallow.")


def evaluate_call(run: Run, frame: Frame, node: ast.Call) -> Value:
    """Return what a call is worth; what it does to its arguments is written back to the names that hold them."""
    if run.quiet and id(node) in frame.seen:
        return frame.seen[id(node)]
    value = frame.seen[id(node)] = _evaluated(run, frame, node)
    return value


def _evaluated(run: Run, frame: Frame, node: ast.Call) -> Value:
    if isinstance(node.func, ast.Attribute):
        receiver = run.evaluate(frame, node.func.value)
        callee = attribute(run, frame, receiver, node.func.attr, node.func)
        given = arguments(run, frame, node)
        if not callee.shapes or receiver.items is not None:
            return call_method(run, frame, node, receiver, node.func.attr, given)
    else:
        callee = run.evaluate(frame, node.func)
        given = arguments(run, frame, node)
    return run.call(frame, node, callee, given)


def call_value(run: Run, frame: Frame, node: ast.expr, callee: Value, given: Given) -> Value:
    """Return what calling a value gives."""
    found: list[Value] = []
    for shape in callee.shapes:
        match shape:
            case Callable():
                found.append(_call_code(run, frame, node, shape, given))
            case ClassOf(definition=definition):
                found.append(_instantiate(run, frame, node, definition, given))
            case Partial(callee=inner, given=before, named=named):
                merged = Given((*before, *given.values), {**dict(named), **given.named}, given.rest, given.extra)
                found.append(run.call(frame, node, inner, merged))
            case External(path=path):
                found.append(call_external(run, frame, node, path, callee, given))
            case InstanceOf(definition=definition) if definition.find("__call__") is not None:
                method = attribute(run, frame, callee, "__call__", node)
                found.append(run.call(frame, node, method, given))
    if not found:
        return labelled(bounded(callee.labels | frozenset(label for value in given.all() for label in deep(value))))
    return join_all(found)


def _call_code(run: Run, frame: Frame, node: ast.expr, shape: Callable, given: Given) -> Value:
    code = shape.code
    run.called.add(id(code))
    if run.stack.count(code) >= _MOST_OF_ONE or len(run.stack) >= _DEEPEST:
        everything = [*given.all(), *([shape.bound] if shape.bound is not None else [])]
        return labelled(bounded(frozenset(label for value in everything for label in deep(value))))
    parameters, nodes = bound_parameters(run, frame, node, shape, given)
    summary = _summary(run, shape, parameters)
    for name, place in nodes.items():
        after = summary.after.get(name)
        if after is not None and after != parameters.get(name):
            change(run, frame, place, after)
    _keep_defaults(run, code, nodes, parameters, summary)
    _note_outcome(frame, node, nodes, parameters, summary)
    value = summary.value
    if value.labels:
        value = stepped(value, frame.module.path, node.lineno, f"comes back from {code.name}()")
    return value


def _keep_defaults(run: Run, code: Code, places: dict[str, ast.expr], before: State, summary: Summary) -> None:
    """Keep what became of defaults: a list that a parameter has by default is the same one at the next call."""
    for name, default in defaults_of(code.node.args).items():
        after = summary.after.get(name)
        if name not in places and after is not None and after != before.get(name) and is_changeable(after):
            run.remember(id(default), "default", after)


def _note_outcome(frame: Frame, node: ast.expr, nodes: dict[str, ast.expr], before: State, summary: Summary) -> None:
    """Keep what is known of the arguments when the call is true or false, for the branch that asks."""
    outcomes: list[tuple[ast.expr, Value | None, Value | None]] = []
    for name, place in nodes.items():
        yes, no = summary.if_true.get(name), summary.if_false.get(name)
        mine = before.get(name)
        if yes not in (None, mine) or no not in (None, mine):
            outcomes.append((place, yes, no))
    if outcomes:
        frame.outcomes[id(node)] = outcomes
    else:
        frame.outcomes.pop(id(node), None)


def _summary(run: Run, shape: Callable, parameters: State) -> Summary:
    code = shape.code
    if run.widened(code):
        # Called in ever new ways, a function is gone through for all of them at once.
        coarse = _as_a_kind if run.widened(code, far=True) else _without_constants
        known = run.widest.get(id(code))
        parameters = {name: coarse(value) for name, value in parameters.items()}
        parameters = run.widest[id(code)] = joined_states(known, parameters) or parameters
    # What a function inside another does hangs on the names of that one, too.
    key = (id(code), tuple(parameters.items()), _outer_values(run, shape))
    return run.summed_up(key, lambda: _gone_through(run, shape, parameters))


def _outer_values(run: Run, shape: Callable) -> tuple[tuple[str, Value | None], ...]:
    """Return what the names of a function stand for that it has from functions around it."""
    scope = shape.frame
    if scope is None or scope.code is None:
        return ()
    found: dict[str, Value | None] = {}
    names = run.names_in(shape.code)
    while scope is not None:
        for name in names:
            value = scope.find(name)
            if value is not None:
                found.setdefault(name, value)
        scope = scope.parent
    return tuple(found.items())


def _gone_through(run: Run, shape: Callable, parameters: State) -> Summary:
    code = shape.code
    run.contexts[id(code)] = run.contexts.get(id(code), 0) + 1
    run.stack.append(code)
    try:
        return _go_through(run, shape, parameters)
    finally:
        run.stack.pop()


def _without_constants(value: Value) -> Value:
    if isinstance(value.const, bool) or value.const is None:
        return value
    items = Items(value.items.kind, (), join_all(value.items.values())) if value.items is not None else None
    return Value(UNKNOWN, value.labels, value.shapes, items, value.fields)


def _as_a_kind(value: Value) -> Value:
    """Return what is known of a value by its kind and where it comes from; what objects hold, their classes know."""
    value = _without_constants(value)
    if any(isinstance(shape, InstanceOf) for shape in value.shapes):
        return Value(value.const, value.labels, value.shapes)
    items = value.items
    if items is not None:
        items = Items(items.kind, (), labelled(bounded(deep(items.rest)))) if items.rest is not None else items
    return Value(value.const, bounded(deep(value)) if value.fields else value.labels, value.shapes, items)


def _go_through(run: Run, shape: Callable, parameters: State) -> Summary:
    code = shape.code
    frame = Frame(code.module, code, shape.frame, names=dict(parameters))
    if isinstance(code.node, ast.Lambda):
        value = run.evaluate(frame, code.node.body)
        frame.returns.append((value, frame.names or {}, code.node.body))
    else:
        run.execute(frame, code.node.body)
        if frame.names is not None:
            frame.returns.append((Value(None), frame.names, None))
    # What it changed of its own names is over with it.
    run.changed_frames.pop(id(frame), None)
    if frame.yields:
        value = Value(items=Items("generator", (), join_all(frame.yields)))
    else:
        value = join_all(value for value, _, _ in frame.returns)
    kept = [name for name in parameters if name not in frame.rebound]
    after = _states_joined([state for _, state, _ in frame.returns], kept)
    return Summary(value, after, _states_if(run, frame, kept, True), _states_if(run, frame, kept, False))


def _states_joined(states: list[State], names: list[str]) -> State:
    return {name: join_all(state[name] for state in states if name in state) for name in names} if states else {}


def _states_if(run: Run, frame: Frame, names: list[str], holds: bool) -> State:
    """Return the parameters as they are when what is returned is true, or is not."""
    states: list[State] = []
    for value, returned, place in frame.returns:
        state = returned
        if truth(value) is (not holds):
            continue
        expression = place.value if isinstance(place, ast.Return) else place
        if isinstance(expression, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Call | ast.Name):
            frame.names = dict(state)
            refine(run, frame, expression, holds)
            state = frame.names or {}
            frame.names = None
        states.append(state)
    return _states_joined(states, names)


def _instantiate(run: Run, frame: Frame, node: ast.expr, definition: Definition, given: Given) -> Value:
    made = Value(shapes=(InstanceOf(definition),))
    foreign = list(definition.foreign())
    if any(base.startswith(("enum.", "strenum.")) for base in foreign):
        return made
    init = definition.find("__init__")
    if init is not None and any(isinstance(shape, Callable) for shape in init.shapes):
        return _initialised(run, frame, node, made, init, given)
    made = _with_fields(run, definition, made, given)
    if foreign and given.extra is not None and not _validates(definition):
        check_mass(run, frame, node, given.extra, f"{definition.name}() as fields of its own choice")
    if foreign and not made.fields and not _validates(definition):
        labels = frozenset(label for value in given.all() for label in deep(value))
        path = foreign[0]
        if run.known.opaque.find(path) or run.known.classes.find(path):
            labels = frozenset()
        made = made.with_labels(bounded(labels))
    after = definition.find("__post_init__")
    if after is not None:
        made = _initialised(run, frame, node, made, after, Given())
    return made


def _validates(definition: Definition) -> bool:
    return any(base.startswith(_PYDANTIC) for base in definition.foreign())


def _initialised(run: Run, frame: Frame, node: ast.expr, made: Value, init: Value, given: Given) -> Value:
    holder = Frame(frame.module, frame.code, frame, names={"\0made": made})
    place = ast.copy_location(ast.Call(ast.Attribute(ast.Name("\0made"), "__init__"), [], []), node)
    found: list[Value] = []
    for shape in init.shapes:
        if isinstance(shape, Callable):
            bound = Callable(shape.code, shape.frame, made)
            _call_code(run, holder, place, bound, Given(given.values, given.named, given.rest, given.extra))
            found.append((holder.names or {}).get("\0made", made))
    return join_all(found)


def _with_fields(run: Run, definition: Definition, made: Value, given: Given) -> Value:
    """Return an object of a class without an own `__init__`: its fields are what the class declares, in order."""
    names: list[tuple[str, ast.expr, Definition]] = []
    for cls in reversed(list(definition.ancestry())):
        for statement in cls.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                names.append((statement.target.id, statement.annotation, cls))  # noqa: PERF401 - clearer so
    checked = _validates(definition)
    declared = {name: (annotation, cls) for name, annotation, cls in names}
    pairs = [*zip(declared, given.values, strict=False), *given.named.items()]
    for name, value in pairs:
        if checked and name in declared and is_harmless(run, declared[name][1].module, declared[name][0]):
            made = made.with_field(name, EMPTY)
        else:
            made = made.with_field(name, value)
    if given.extra is not None:
        made = made.with_labels(bounded(made.labels | deep(given.extra)))
    return made
