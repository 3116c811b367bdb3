"""Names: what they stand for in a scope, in a module, and as an import."""

import ast
import builtins

from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.project import Module
from bailiwick.control.review.engines.python.run import Run, source_label
from bailiwick.control.review.engines.python.values import EMPTY, External, ModuleOf, Value, external, joined

_BUILTINS = frozenset(dir(builtins))


def module_frame(run: Run, module: Module) -> Frame:
    """Return the frame of a module, gone through; one that is just being gone through is returned as it is."""
    frame = run.frames.get(module.name)
    if frame is None:
        frame = run.frames[module.name] = Frame(module)
        frame.names = {"__name__": Value("__main__"), "__file__": Value(shapes=(External("__file__"),))}
        run.execute(frame, module.tree.body)
    return frame


def look_up(run: Run, frame: Frame, node: ast.Name) -> Value:
    """Return what a name stands for."""
    name = node.id
    scope: Frame | None = frame
    while scope is not None:
        if scope.owner is None or scope is frame:
            found = scope.find(name)
            if found is not None and name not in scope.globals:
                return found
        scope = scope.parent
    found = of_module(run, frame.module, name)
    if found is not None:
        return found
    if name in _BUILTINS:
        return external(name)
    if name in frame.module.constants or name in frame.module.functions or name in frame.module.classes:
        return EMPTY
    return Value(labels=frozenset({source_label("unknown", name, frame, node)}), shapes=(External(f"?.{name}"),))


def of_module(run: Run, module: Module, name: str, depth: int = 0) -> Value | None:
    """Return what a name of a module stands for, or None when it has none."""
    frame = module_frame(run, module)
    found = frame.find(name)
    cell = run.recalled(module.name, name)
    if cell is not None:
        found = cell if found is None else joined(found, cell)
    if found is not None:
        return found
    inner = run.project.modules.get(f"{module.name}.{name}")
    if inner is not None:
        return Value(shapes=(ModuleOf(inner),))
    for star in module.stars:
        other = run.project.module(star, module)
        if other is not None and other is not module and depth < 8:  # noqa: PLR2004 - stars of stars end somewhere
            found = of_module(run, other, name, depth + 1)
            if found is not None:
                return found
    foreign = [star for star in module.stars if run.project.module(star, module) is None]
    return external(f"{foreign[0]}.{name}") if len(foreign) == 1 and name not in _BUILTINS else None


def imported(run: Run, module: Module, dotted: str) -> Value:
    """Return what an import of a dotted name gives."""
    place = run.project.split(dotted, module)
    if place is None:
        return external(dotted)
    target, rest = place
    if target is module and rest:
        return external(dotted)
    value = Value(shapes=(ModuleOf(target),))
    for part in rest.split(".") if rest else ():
        shape = value.shapes[0] if value.shapes else None
        found = of_module(run, shape.module, part) if isinstance(shape, ModuleOf) else None
        if found is None:
            return external(dotted)
        value = found
    return value
