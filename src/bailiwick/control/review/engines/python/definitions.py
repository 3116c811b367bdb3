"""Functions and classes as they are defined: their decorators, and which of them a framework calls."""

import ast
from dataclasses import replace

from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.knowledge import Framework
from bailiwick.control.review.engines.python.run import Entrance, Given, Run
from bailiwick.control.review.engines.python.values import (
    Callable,
    ClassOf,
    Code,
    Definition,
    External,
    InstanceOf,
    Value,
)

_ROUTES = frozenset({"route", "get", "post", "put", "delete", "patch", "websocket", "api_route"})
# Decorators of Python itself that change how a function is found, not what it does.
_QUIET = frozenset(
    {"property", "staticmethod", "classmethod", "abstractmethod", "cached_property", "setter", "override"}
)


def define_function(run: Run, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Bind a function's name to what its decorators make of it."""
    code = run.code(frame.module, node, node.name, frame.owner)
    shape = Callable(code, frame if frame.code is not None or frame.owner is not None else None)
    run.made_in[id(code)] = shape
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None:
            run.evaluate(frame, default)
    value = Value(shapes=(shape,))
    for decorator in reversed(node.decorator_list):
        value = _decorated(run, frame, decorator, value, code)
    if frame.names is not None:
        if _is_accessor(node):
            return
        frame.names[node.name] = value


def _is_accessor(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is a property's setter: the getter keeps the name."""
    return any(isinstance(item, ast.Attribute) and item.attr in {"setter", "deleter"} for item in node.decorator_list)


def _decorated(run: Run, frame: Frame, decorator: ast.expr, value: Value, code: Code) -> Value:
    name = decorator.func if isinstance(decorator, ast.Call) else decorator
    last = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
    if last in _QUIET:
        return value
    # What a decorator is told, like the path of a route, is looked at without going through the call.
    found = run.evaluate(frame, name)
    framework = _framework_of(run, frame, found, decorator)
    if framework is not None:
        options = {}
        if isinstance(decorator, ast.Call):
            options = {item.arg: run.evaluate(frame, item.value) for item in decorator.keywords if item.arg}
        run.entrances[id(code)] = Entrance(framework, value, code, options, _route(decorator))
        return value
    if not any(isinstance(shape, Callable | ClassOf) for shape in found.shapes):
        return value
    if isinstance(decorator, ast.Call):
        found = run.evaluate(frame, decorator)
    made = run.call(frame, decorator, found, Given((value,)))
    return made if made.shapes else value


def _framework_of(run: Run, frame: Frame, found: Value, decorator: ast.expr) -> Framework | None:
    for shape in found.shapes:
        if isinstance(shape, External):
            frameworks = run.known.decorators.find(shape.path)
            if frameworks:
                return frameworks[0]
    # The object that has `route` may come from anywhere; a path as its first argument says enough.
    inner = decorator.func if isinstance(decorator, ast.Call) else None
    if not (isinstance(inner, ast.Attribute) and inner.attr in _ROUTES and _route(decorator).startswith("/")):
        return None
    own = any(isinstance(shape, Callable) for shape in found.shapes)
    return None if own else _imported_framework(run, frame)


def _imported_framework(run: Run, frame: Frame) -> Framework | None:
    imported = {name.split(".")[0] for name in frame.module.imports.values()}
    candidates = {
        "fastapi": "fastapi.FastAPI().get", "flask": "flask.Flask().route", "quart": "quart.Quart().route",
        "sanic": "sanic.Sanic().route", "bottle": "bottle.Bottle().route", "aiohttp": "aiohttp.web.RouteTableDef().get",
    }  # fmt: skip
    for names in (imported, run.project.imported(), {"flask"}):
        for name, path in candidates.items():
            if name in names:
                return run.known.decorators.find(path)[0]
    return None


def _route(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        for argument in (
            *decorator.args[:1],
            *(item.value for item in decorator.keywords if item.arg in {"path", "rule"}),
        ):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                return argument.value
    return ""


def define_class(run: Run, frame: Frame, node: ast.ClassDef) -> None:
    """Bind a class's name; its body is gone through once, its methods where they are called."""
    bases = tuple(run.evaluate(frame, base.value if isinstance(base, ast.Subscript) else base) for base in node.bases)
    definition = run.definition(node.name, frame.module, node, bases)
    body = Frame(
        frame.module, frame.code, frame if frame.code is not None or frame.owner is not None else None, definition
    )
    run.execute(body, node.body)
    definition.attributes = dict(body.names or {})
    value = Value(shapes=(ClassOf(definition),))
    if frame.names is not None:
        frame.names[node.name] = value
    _note_entrances(run, definition)


def _note_entrances(run: Run, definition: Definition) -> None:
    frameworks = [found for base in definition.foreign() for found in run.known.classes.find(base)]
    for name, value in definition.attributes.items():
        framework = next((found for found in frameworks if name in found.methods), None)
        framework = framework or run.known.by_method.get(name)
        if framework is None:
            continue
        for shape in value.shapes:
            if isinstance(shape, Callable):
                owner = Value(shapes=(InstanceOf(definition),))
                run.entrances[id(shape.code)] = Entrance(
                    framework, Value(shapes=(replace(shape, bound=owner),)), shape.code
                )
