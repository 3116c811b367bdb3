"""Calls of the app's own functions and classes: arguments to parameters, the body, and what comes back."""

import ast

from bailiwick.control.review.engines.python.annotations import is_harmless
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.containers import call_method
from bailiwick.control.review.engines.python.foreign import call_external
from bailiwick.control.review.engines.python.frames import Frame, State, joined_states
from bailiwick.control.review.engines.python.guards import refine
from bailiwick.control.review.engines.python.names import attribute, change
from bailiwick.control.review.engines.python.run import Given, Run, Summary
from bailiwick.control.review.engines.python.sinks import check_mass
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
    bounded,
    deep,
    join_all,
    joined,
    labelled,
    sequence,
    stepped,
    truth,
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


def arguments(run: Run, frame: Frame, node: ast.Call) -> Given:
    """Return the arguments of a call, stars resolved as far as what they hold is known."""
    values: list[Value] = []
    nodes: list[ast.expr | None] = []
    rest: Value | None = None
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            inner = run.evaluate(frame, argument.value)
            items = inner.items
            if items is not None and items.rest is None and items.kind in {"list", "tuple"} and rest is None:
                values += items.values()
                nodes += [None] * len(items.known)
            else:
                part = labelled(deep(inner)) if items is None else join_all(items.values())
                rest = part if rest is None else joined(rest, part)
        else:
            values.append(run.evaluate(frame, argument))
            nodes.append(argument)
    named: dict[str, Value] = {}
    named_nodes: dict[str, ast.expr] = {}
    extra: Value | None = None
    for keyword in node.keywords:
        value = run.evaluate(frame, keyword.value)
        if keyword.arg is not None:
            named[keyword.arg] = value
            named_nodes[keyword.arg] = keyword.value
        elif value.items is not None and value.items.kind == "dict":
            for key, item in value.items.known:
                # Named twice, the call fails: what it names itself is what counts.
                if isinstance(key, str):
                    named.setdefault(key, item)
            if value.items.rest is not None:
                extra = value.items.rest
        else:
            extra = labelled(value.labels) if not value.shapes else value
    return Given(tuple(values), named, rest, extra, nodes, named_nodes)


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
    parameters, nodes = _bound_parameters(run, frame, node, shape, given)
    summary = _summary(run, shape, parameters)
    for name, place in nodes.items():
        after = summary.after.get(name)
        if after is not None and after != parameters.get(name):
            change(run, frame, place, after)
    _note_outcome(frame, node, nodes, parameters, summary)
    value = summary.value
    if value.labels:
        value = stepped(value, frame.module.path, node.lineno, f"comes back from {code.name}()")
    return value


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
        known = run.widest.get(id(code))
        parameters = {name: _without_constants(value) for name, value in parameters.items()}
        parameters = run.widest[id(code)] = joined_states(known, parameters) or parameters
    key = (id(code), tuple(parameters.items()))
    kept = shape.frame is None or shape.frame.code is None
    if kept and key in run.memo:
        return run.memo[key]
    run.contexts[id(code)] = run.contexts.get(id(code), 0) + 1
    run.stack.append(code)
    try:
        summary = _go_through(run, shape, parameters)
    finally:
        run.stack.pop()
    if kept:
        run.memo[key] = summary
    return summary


def _without_constants(value: Value) -> Value:
    if isinstance(value.const, bool) or value.const is None:
        return value
    items = Items(value.items.kind, (), join_all(value.items.values())) if value.items is not None else None
    return Value(UNKNOWN, value.labels, value.shapes, items, value.fields)


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


def _bound_parameters(
    run: Run, frame: Frame, node: ast.expr, shape: Callable, given: Given
) -> tuple[State, dict[str, ast.expr]]:
    """Return the value of each parameter, and the expressions of the caller that some of them come from."""
    wanted = shape.code.node.args
    names = [argument.arg for argument in (*wanted.posonlyargs, *wanted.args)]
    values = list(given.values)
    nodes: list[ast.expr | None] = [*given.nodes, *[None] * (len(values) - len(given.nodes))]
    if shape.bound is not None:
        values.insert(0, shape.bound)
        nodes.insert(0, _receiver_node(frame, node))
    state: State = {}
    places: dict[str, ast.expr] = {}
    for name, value, place in zip(names, values, nodes, strict=False):
        state[name] = _passed(frame, node, shape.code, name, value)
        if place is not None:
            places[name] = place
    if wanted.vararg is not None:
        further = sequence("tuple", values[len(names) :])
        if given.rest is not None:
            further = Value(items=Items("tuple", (), join_all([*values[len(names) :], given.rest])))
        state[wanted.vararg.arg] = further
    keywords = {*names, *(argument.arg for argument in wanted.kwonlyargs)}
    others: list[tuple[str, Value]] = []
    for name, value in given.named.items():
        if name in keywords:
            state[name] = _passed(frame, node, shape.code, name, value)
            if name in given.named_nodes:
                places[name] = given.named_nodes[name]
        else:
            others.append((name, value))
    if wanted.kwarg is not None:
        state[wanted.kwarg.arg] = Value(items=Items("dict", tuple(others), given.extra))
    _fill(run, shape, state, keywords, given)
    return state, places


def _passed(frame: Frame, node: ast.expr, code: Code, name: str, value: Value) -> Value:
    if not value.labels:
        return value
    return stepped(value, frame.module.path, node.lineno, f"is given to {code.name}() as {name}")


def _receiver_node(frame: Frame, node: ast.expr) -> ast.expr | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    inner = node.func.value
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "super":
        # What a method above does to the object is done to `self`.
        arguments_of = frame.code.node.args.args if frame.code is not None else []
        return ast.Name(arguments_of[0].arg) if arguments_of else None
    return inner


def _fill(run: Run, shape: Callable, state: State, keywords: set[str], given: Given) -> None:
    """Give the parameters that the call does not name their defaults, or what its stars may hold."""
    wanted = shape.code.node.args
    positional = [*wanted.posonlyargs, *wanted.args]
    defaults: dict[str, ast.expr] = {}
    for argument, default in zip(positional[len(positional) - len(wanted.defaults) :], wanted.defaults, strict=True):
        defaults[argument.arg] = default
    for argument, optional in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True):
        if optional is not None:
            defaults[argument.arg] = optional
    starred = [value for value in (given.rest, given.extra) if value is not None]
    for name in keywords - state.keys():
        options = list(starred)
        if name in defaults:
            options.append(_default(run, shape, defaults[name]))
        state[name] = join_all(options)


def _default(run: Run, shape: Callable, node: ast.expr) -> Value:
    if isinstance(node, ast.Constant):
        return Value(node.value)
    outer = shape.frame or run.frames.get(shape.code.module.name) or Frame(shape.code.module)
    inner = Frame(outer.module, outer.code, outer)
    return run.evaluate(inner, node)


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
