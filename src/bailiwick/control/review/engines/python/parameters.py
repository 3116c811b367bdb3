"""From the arguments of a call to the parameters of the function."""

import ast

from bailiwick.control.review.engines.python.aliases import is_changeable
from bailiwick.control.review.engines.python.frames import Frame, State
from bailiwick.control.review.engines.python.parts import stepped
from bailiwick.control.review.engines.python.run import Given, Run
from bailiwick.control.review.engines.python.values import (
    Callable,
    Code,
    Items,
    Value,
    deep,
    join_all,
    joined,
    labelled,
    sequence,
)


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


def bound_parameters(
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
    defaults = defaults_of(shape.code.node.args)
    starred = [value for value in (given.rest, given.extra) if value is not None]
    for name in keywords - state.keys():
        options = list(starred)
        if name in defaults:
            options.append(_default(run, shape, defaults[name]))
        state[name] = join_all(options)


def defaults_of(wanted: ast.arguments) -> dict[str, ast.expr]:
    """Return the default of each parameter that has one."""
    positional = [*wanted.posonlyargs, *wanted.args]
    ends = positional[len(positional) - len(wanted.defaults) :]
    found = {argument.arg: default for argument, default in zip(ends, wanted.defaults, strict=True)}
    for argument, optional in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True):
        if optional is not None:
            found[argument.arg] = optional
    return found


def _default(run: Run, shape: Callable, node: ast.expr) -> Value:
    if isinstance(node, ast.Constant):
        return Value(node.value)
    outer = shape.frame or run.frames.get(shape.code.module.name) or Frame(shape.code.module)
    inner = Frame(outer.module, outer.code, outer)
    value = run.evaluate(inner, node)
    changed = run.recalled(id(node), "default") if is_changeable(value) else None
    return value if changed is None else joined(value, changed)
