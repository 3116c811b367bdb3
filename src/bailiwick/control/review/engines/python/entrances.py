"""What the parameters of a function are that the app itself does not call: a framework does, or nobody knows who."""

import ast
import re

from bailiwick.control.review.engines.python.annotations import is_harmless, unwrapped
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.run import Entrance, Given, Run, source_label
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Callable,
    ClassOf,
    Code,
    External,
    InstanceOf,
    Value,
    external,
    labelled,
)

_ANGLED = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_BRACED = re.compile(r"\{(?P<name>\w+)(?::(?P<kind>\w+))?[^{}]*\}")
_NUMBERS = frozenset({"int", "float", "uuid"})
_DEPENDS = ("Depends", "Security")
_ORDINARY = frozenset(
    "str bytes dict list set tuple object typing.Any Any typing.Dict typing.List typing.Optional "
    "collections.abc.Mapping "
    "typing.Mapping pydantic.EmailStr pydantic.SecretStr pydantic.AnyUrl pydantic.HttpUrl fastapi.Body".split()
)
_REQUESTS = frozenset({"request", "req"})


def parameters_of_entrance(run: Run, frame: Frame, entrance: Entrance) -> Given:
    """Return what a framework gives to a function that it calls."""
    arguments = entrance.code.node.args
    wanted = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    harmless = _typed_in_route(entrance.route)
    in_route = None
    if entrance.route and entrance.framework.parameters == "text":
        # Of such a route its parts are the only parameters; others are given by decorators.
        in_route = {place.group("name") for place in _places(entrance.route)}
    named: dict[str, Value] = {}
    skip = _takes_self(entrance.code)
    for position, argument in enumerate(wanted[1:] if skip else wanted):
        default = _default_of(arguments, argument)
        if argument.arg in harmless or (in_route is not None and argument.arg not in in_route):
            named[argument.arg] = EMPTY
        elif entrance.framework.parameters == "annotated":
            named[argument.arg] = _annotated(run, frame, entrance.code, argument, default)
        elif entrance.framework.request and (argument.arg in _REQUESTS or (position == 0 and argument.arg != "pk")):
            named[argument.arg] = external(entrance.framework.request)
        else:
            named[argument.arg] = _from_request(frame, argument)
    extra = None
    if arguments.kwarg is not None:
        extra = labelled(
            frozenset({source_label("request", f"the parameter {arguments.kwarg.arg}", frame, entrance.code.node)})
        )
    return Given(named=named, extra=extra)


def _takes_self(code: Code) -> bool:
    return code.owner is not None


def _typed_in_route(route: str) -> set[str]:
    """Return the parameters of which the route says that they are numbers or UUIDs."""
    return {place.group("name") for place in _places(route) if place.group("kind") in _NUMBERS}


def _places(route: str) -> list[re.Match[str]]:
    return [*_ANGLED.finditer(route), *_BRACED.finditer(route)]


def _from_request(frame: Frame, argument: ast.arg) -> Value:
    label = source_label("request", f"the parameter {argument.arg}", frame, argument, frozenset({"nosql"}))
    return labelled(frozenset({label}))


def _default_of(arguments: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    if argument in positional:
        back = len(positional) - positional.index(argument)
        return arguments.defaults[-back] if back <= len(arguments.defaults) else None
    return arguments.kw_defaults[arguments.kwonlyargs.index(argument)]


def _annotated(run: Run, frame: Frame, code: Code, argument: ast.arg, default: ast.expr | None) -> Value:
    """Return what a framework makes of a parameter by its annotation, as FastAPI does."""
    module = code.module
    inner = Frame(module)
    inner.names = {}
    places: list[ast.expr] = [default] if default is not None else []
    kind: ast.expr | None = None
    if argument.annotation is not None:
        if is_harmless(run, module, argument.annotation):
            return EMPTY
        kind, extra = unwrapped(run, module, argument.annotation)
        places += extra
    for place in places:
        if isinstance(place, ast.Call) and run.project.name_of(module, place.func).rpartition(".")[2] in _DEPENDS:
            return _depended(run, frame, code, place, kind)
    if kind is None:
        return _from_request(frame, argument)
    if is_harmless(run, module, kind):
        return EMPTY
    return _of_kind(run, frame, code, argument, kind)


def _of_kind(run: Run, frame: Frame, code: Code, argument: ast.arg, kind: ast.expr) -> Value:
    label = source_label("request", f"the parameter {argument.arg}", frame, argument)
    if isinstance(kind, ast.Subscript):
        kind = kind.value
    if not isinstance(kind, ast.Name | ast.Attribute):
        return labelled(frozenset({label}))
    found = run.evaluate(Frame(code.module, names={}), kind)
    for shape in found.shapes:
        if isinstance(shape, ClassOf):
            return Value(labels=frozenset({label}), shapes=(InstanceOf(shape.definition),))
        if isinstance(shape, External) and shape.path not in _ORDINARY and not shape.path.startswith("?"):
            return external(f"{shape.path}()")
    if any(isinstance(shape, External) and shape.path in {"str", "bytes"} for shape in found.shapes):
        return _from_request(frame, argument)
    return labelled(frozenset({label}))


def _depended(run: Run, frame: Frame, code: Code, place: ast.Call, kind: ast.expr | None) -> Value:
    """Return what a dependency gives: it is an entrance of its own."""
    target = place.args[0] if place.args else kind
    if target is None:
        return EMPTY
    found = run.evaluate(Frame(code.module, names={}), target)
    for shape in found.shapes:
        inner = shape.code if isinstance(shape, Callable) else None
        if inner is not None and run.answering:
            if run.stack.count(inner) or len(run.stack) > 10:  # noqa: PLR2004 - dependencies of dependencies end somewhere
                return EMPTY
            entrance = Entrance(run.answering[-1].framework, found, inner)
            given = parameters_of_entrance(run, Frame(inner.module, names={}), entrance)
            run.stack.append(inner)
            try:
                made = run.call(frame, place, found, given)
            finally:
                run.stack.pop()
            return made.items.rest or made if made.items is not None and made.items.kind == "generator" else made
        if isinstance(shape, ClassOf):
            made_by = (shape.definition.find("__init__") or EMPTY).shapes
            init = next((item.code for item in made_by if isinstance(item, Callable)), None)
            if init is not None and run.answering and not run.stack.count(init):
                entrance = Entrance(run.answering[-1].framework, found, init)
                return run.call(frame, place, found, parameters_of_entrance(run, frame, entrance))
            return Value(
                labels=frozenset({source_label("request", "a dependency's fields", frame, place)}),
                shapes=(InstanceOf(shape.definition),),
            )
    return EMPTY


def parameters_of_unknown(run: Run, frame: Frame, shape: Callable, *, skip_first: bool) -> Given:
    """Return what stands for the arguments of a function of which nobody knows who calls it."""
    code = shape.code
    arguments = code.node.args
    wanted = [*arguments.posonlyargs, *arguments.args]
    named: dict[str, Value] = {}
    for argument in (*(wanted[1:] if skip_first else wanted), *arguments.kwonlyargs):
        named[argument.arg] = _unknown(run, frame, code, argument)
    rest = None
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            rest = _unknown(run, frame, code, star)
    return Given(
        named=named,
        rest=rest if arguments.vararg is not None else None,
        extra=rest if arguments.kwarg is not None else None,
    )


def _unknown(run: Run, frame: Frame, code: Code, argument: ast.arg) -> Value:
    if argument.annotation is not None:
        if is_harmless(run, code.module, argument.annotation):
            return EMPTY
        kind, _ = unwrapped(run, code.module, argument.annotation)
        if isinstance(kind, ast.Name | ast.Attribute):
            found = run.evaluate(Frame(code.module, names={}), kind)
            for shape in found.shapes:
                if isinstance(shape, ClassOf):
                    return Value(shapes=(InstanceOf(shape.definition),))
                if isinstance(shape, External) and shape.path not in _ORDINARY and not shape.path.startswith("?"):
                    return external(f"{shape.path}()")
    if argument.arg in _REQUESTS:
        imported = {name.split(".")[0] for name in code.module.imports.values()}
        for name, kind_of in run.known.request_types.items():
            if name in imported:
                return external(kind_of)
    label = source_label("parameter", f"the parameter {argument.arg}", frame, argument)
    return labelled(frozenset({label}))
