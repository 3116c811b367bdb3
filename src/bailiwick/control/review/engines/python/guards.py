"""What is known of values where a check holds, or where it does not."""

import ast

from bailiwick.control.review.engines.python.checked import (
    ALIKE,
    DEEPEST,
    HOSTS,
    NAMED,
    WHERE,
    choose,
    clean_alike,
    clean_all,
    clean_by,
    quietly,
    vouch,
)
from bailiwick.control.review.engines.python.frames import Frame, State, joined_states
from bailiwick.control.review.engines.python.labels import Labels, cleaned_labels
from bailiwick.control.review.engines.python.run import Run
from bailiwick.control.review.engines.python.signs import allowed_signs, refused_signs
from bailiwick.control.review.engines.python.storing import change
from bailiwick.control.review.engines.python.values import External, Value, deep

# Text that is all of these has no sign that does harm anywhere.
_PLAIN = frozenset({"isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"})


def refine(run: Run, frame: Frame, test: ast.expr, holds: bool, depth: int = 0) -> None:
    """Change what is known of the names of a frame to what it is where a test holds, or does not."""
    if frame.names is None or depth > DEEPEST:
        return
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            refine(run, frame, operand, not holds, depth + 1)
        case ast.BoolOp():
            _refine_boolean(run, frame, test, holds, depth)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            _refine_comparison(run, frame, left, op, right, holds)
        case ast.NamedExpr(value=value):
            refine(run, frame, value, holds, depth + 1)
            refine(run, frame, test.target, holds, depth + 1)
        case ast.Name(id=name) if name in frame.tests:
            refine(run, frame, frame.tests[name], holds, depth + 1)
        case ast.Call():
            _refine_call(run, frame, test, holds, depth)


def _refine_boolean(run: Run, frame: Frame, test: ast.BoolOp, holds: bool, depth: int) -> None:
    if isinstance(test.op, ast.And) is holds:
        for operand in test.values:
            refine(run, frame, operand, holds, depth + 1)
        return
    # One of several holds, nobody knows which: what is known is what all of them have in common.
    before = frame.names
    after: State | None = None
    for index, operand in enumerate(test.values):
        frame.names = None if before is None else dict(before)
        for earlier in test.values[:index]:
            refine(run, frame, earlier, not holds, depth + 1)
        refine(run, frame, operand, holds, depth + 1)
        after = joined_states(after, frame.names)
    frame.names = after


def _refine_comparison(run: Run, frame: Frame, left: ast.expr, op: ast.cmpop, right: ast.expr, holds: bool) -> None:
    positive = isinstance(op, ast.In | ast.Eq | ast.Is)
    if isinstance(op, ast.In | ast.NotIn):
        subject, container = quietly(run, frame, left), quietly(run, frame, right)
        if positive is holds and not deep(container) and deep(subject) and _is_collection(container):
            choose(run, frame, left)
        elif positive is holds and isinstance(right, ast.Attribute) and right.attr == "parents" and not deep(subject):
            _clean_resolved(run, frame, right.value)
        elif positive is not holds and isinstance(subject.const, str) and container.labels and not subject.labels:
            clean_by(run, frame, right, lambda labels: run.known.without(labels, _signs_refused(str(subject.const))))
    elif isinstance(op, ast.Eq | ast.NotEq) and positive is holds:
        for one, other in ((left, right), (right, left)):
            if deep(quietly(run, frame, one)) and not deep(quietly(run, frame, other)):
                choose(run, frame, one)
                _inside_folder(run, frame, one)
        if all(isinstance(side, ast.Attribute) and side.attr in HOSTS for side in (left, right)):
            # One of the two is where the request itself went.
            clean_all(run, frame, left, WHERE)
            clean_all(run, frame, right, WHERE)
        if isinstance(right, ast.Call | ast.Name) and deep(quietly(run, frame, right)):
            vouch(run, frame, left)
    elif isinstance(op, ast.Is | ast.IsNot | ast.Gt | ast.GtE | ast.Lt | ast.LtE):
        if isinstance(left, ast.Call):
            _refine_call(run, frame, left, positive is holds, 0)
        elif isinstance(left, ast.Name) and left.id in frame.tests and isinstance(op, ast.Is | ast.IsNot):
            # `m is not None` says of a match what `m` says; `x is None` the contrary.
            refine(run, frame, frame.tests[left.id], positive is not holds, 1)


def _signs_refused(text: str) -> set[str]:
    # A text without `../` has no `..` that leads anywhere.
    return {text, ".."} if text in {"../", "..", "..\\"} else {text}


def _is_collection(value: Value) -> bool:
    if value.items is not None:
        return True
    return not isinstance(value.const, str | bytes) and not any(
        isinstance(shape, External) and shape.path.endswith("environ") for shape in value.shapes
    )


def _refine_call(run: Run, frame: Frame, test: ast.Call, holds: bool, depth: int) -> None:
    outcomes = frame.outcomes.get(id(test))
    if outcomes:
        for place, yes, no in outcomes:
            value = yes if holds else no
            if value is not None and isinstance(place, NAMED):
                before = quietly(run, frame, place)
                if isinstance(place, ast.Name):
                    change(run, frame, place, value)
                clean_alike(frame, before, value)
    kinds = [kind for found in run.known.guards.find(_path(run, frame, test.func)) for kind in found]
    if kinds and holds and test.args:
        clean_all(run, frame, test.args[0], frozenset(kinds))
    if isinstance(test.func, ast.Attribute):
        _refine_method(run, frame, test, test.func, holds)
    elif isinstance(test.func, ast.Name):
        _refine_function(run, frame, test, test.func.id, holds, depth)
    # What gives back of what it is given, like `unquote(x)`, has checked nothing.
    if holds and not any(label.kind == "request" for label in deep(quietly(run, frame, test))):
        for argument in _asked_with(test):
            vouch(run, frame, argument)


def _asked_with(test: ast.expr) -> list[ast.expr]:
    """Return what a call, and calls that it is made on, are given: `users.filter(name=x).first()` is asked with x."""
    found: list[ast.expr] = []
    while isinstance(test, ast.Call | ast.Attribute):
        if isinstance(test, ast.Call):
            found += [argument for argument in test.args if not isinstance(argument, ast.Starred)]
            found += [keyword.value for keyword in test.keywords if keyword.arg]
            test = test.func
        else:
            test = test.value
    return found


def _path(run: Run, frame: Frame, node: ast.expr) -> str:
    return run.project.name_of(frame.module, node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _refine_function(run: Run, frame: Frame, test: ast.Call, name: str, holds: bool, depth: int) -> None:
    if name == "isinstance" and len(test.args) > 1 and holds:
        kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
        names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
        if names and names <= {"int", "float", "bool", "UUID", "date", "datetime", "Decimal"}:
            choose(run, frame, test.args[0])
        elif names == {"str"}:
            clean_all(run, frame, test.args[0], frozenset({"nosql", "mass"}))
    elif name == "bool" and test.args:
        refine(run, frame, test.args[0], holds, depth + 1)
    elif name == "all" and test.args and holds and isinstance(test.args[0], ast.GeneratorExp | ast.ListComp):
        _refine_all(run, frame, test.args[0])
    elif name == "any" and test.args and not holds and isinstance(test.args[0], ast.GeneratorExp | ast.ListComp):
        _refine_any(run, frame, test.args[0])
    else:
        _refine_match(run, frame, test, run.project.name_of(frame.module, test.func), holds)


def _refine_all(run: Run, frame: Frame, test: ast.GeneratorExp | ast.ListComp) -> None:
    """`all(c.isalnum() or c in "_-" for c in x)`: the text has such signs only."""
    generator = test.generators[0]
    if not isinstance(generator.target, ast.Name):
        return
    signs = _signs_of_test(run, frame, test.elt, generator.target.id)
    if signs is not None:
        kinds = run.known.harmless_for(signs)
        clean_all(run, frame, generator.iter, kinds)
    elif isinstance(test.elt, ast.Compare) and isinstance(test.elt.ops[0], ast.In):
        container = quietly(run, frame, test.elt.comparators[0])
        if not deep(container) and _is_collection(container):
            choose(run, frame, generator.iter)


def _refine_any(run: Run, frame: Frame, test: ast.GeneratorExp | ast.ListComp) -> None:
    """`not any(c in x for c in "<>")`, `not any(c in BAD for c in x)`: the text has none of these signs."""
    generator = test.generators[0]
    if not (isinstance(test.elt, ast.Compare) and isinstance(test.elt.ops[0], ast.In)):
        return
    refused = _texts(quietly(run, frame, generator.iter))
    subject = test.elt.comparators[0]
    if not refused:
        refused, subject = _texts(quietly(run, frame, subject)), generator.iter
    if refused:
        signs = {sign for text in refused for sign in _signs_refused(text)}
        clean_by(run, frame, subject, lambda labels: run.known.without(labels, signs))


def _texts(value: Value) -> list[str]:
    if isinstance(value.const, str) and not value.labels:
        return list(value.const)
    if value.items is None or value.items.rest is not None or deep(value):
        return []
    return [item.const for item in value.items.values() if isinstance(item.const, str)]


def _signs_of_test(run: Run, frame: Frame, test: ast.expr, name: str) -> frozenset[str] | None:
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            parts = [_signs_of_test(run, frame, value, name) for value in values]
            return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=subject), attr=attr)) if subject == name and attr in _PLAIN:
            return frozenset("aZ09")
        case ast.Compare(left=ast.Name(id=subject), ops=[ast.In()], comparators=[container]) if subject == name:
            texts = _texts(quietly(run, frame, container))
            return frozenset("".join(texts)) if texts else None
    return None


def _refine_method(run: Run, frame: Frame, test: ast.Call, func: ast.Attribute, holds: bool) -> None:
    name = func.attr
    if name in _PLAIN and holds:
        clean_by(run, frame, _base(func.value), lambda labels: cleaned_labels(labels, run.known.harmless_for("aZ09")))
    elif name == "startswith" and test.args:
        _refine_beginning(run, frame, test, func.value, holds)
    elif name == "endswith" and holds and test.args:
        clean_all(run, frame, func.value, frozenset({"upload"}))
        _note_quote(run, frame, test, func.value, "quote last")
    elif name in {"is_relative_to", "relative_to"} and holds and test.args:
        if not deep(quietly(run, frame, test.args[0])):
            _clean_resolved(run, frame, func.value)
    elif name in {"fullmatch", "match", "search"}:
        path = run.project.name_of(frame.module, func)
        if path.startswith(("re.", "regex.", "re2.")):
            _refine_match(run, frame, test, path, holds)
        else:
            _refine_compiled(run, frame, test, func, holds)
    elif name == "issubset" and holds and test.args and not deep(quietly(run, frame, test.args[0])):
        choose(run, frame, _base(func.value))


def _base(node: ast.expr) -> ast.expr:
    """Return what `x.replace("-", "").strip()` is about. Signs that were taken out before a check are not checked."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ALIKE:
        node = node.func.value
    return node


def _refine_beginning(run: Run, frame: Frame, test: ast.Call, subject: ast.expr, holds: bool) -> None:
    begin = quietly(run, frame, test.args[0])
    if holds:
        _note_quote(run, frame, test, subject, "quote first")
    begins = _texts(begin) if begin.items is not None else [begin.const] if isinstance(begin.const, str) else []
    if begins:
        if holds and all(_is_host(text) for text in begins):
            clean_all(run, frame, subject, WHERE)
        elif holds and all(text == "/" for text in begins):
            clean_by(run, frame, subject, lambda labels: _marked(labels, "slash", "slashes"))
        elif not holds and any(text in {"//", "/\\"} for text in begins):
            clean_by(run, frame, subject, lambda labels: _marked(labels, "slashes", "slash"))
        elif holds and any(len(text) > 1 and text.startswith("/") and text[1] not in "/\\" for text in begins):
            clean_all(run, frame, subject, frozenset({"redirect"}))
    if holds and not deep(begin):
        _clean_resolved(run, frame, subject)


def _note_quote(run: Run, frame: Frame, test: ast.Call, subject: ast.expr, mark: str) -> None:
    """Note that a text begins or ends with a quote: with none between them it is a literal."""
    if quietly(run, frame, test.args[0]).const == "'":
        clean_by(run, frame, subject, lambda labels: run.known.without(labels, {mark}))


def _is_host(text: object) -> bool:
    if not isinstance(text, str) or "://" not in text:
        return False
    host = text.split("://", 1)[1]
    return any(sign in host[1:] for sign in "/?#")


def _marked(labels: Labels, mark: str, other: str) -> Labels:
    return frozenset(
        next(
            iter(cleaned_labels(frozenset({label}), frozenset({mark, "redirect"} if other in label.clean else {mark})))
        )
        for label in labels
    )


def _clean_resolved(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note that a path, of which `..` was resolved before, lies inside a folder of the app's own."""
    labels = deep(quietly(run, frame, node))
    if labels and all("resolved" in label.clean for label in labels):
        clean_all(run, frame, node, frozenset({"path"}))


def _inside_folder(run: Run, frame: Frame, node: ast.expr) -> None:
    """`os.path.commonpath([base, path]) == base`: the path lies inside."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("common"):
        _clean_resolved(run, frame, node)
    if isinstance(node, ast.Attribute | ast.Subscript | ast.Call) and "parent" in ast.unparse(node):
        _clean_resolved(run, frame, node)


def _refine_match(run: Run, frame: Frame, test: ast.Call, path: str, holds: bool) -> None:
    function = path.rpartition(".")[2]
    if not path.startswith(("re.", "regex.", "re2.")) or len(test.args) < 2:  # noqa: PLR2004 - pattern and text
        return
    pattern = quietly(run, frame, test.args[0])
    if isinstance(pattern.const, str) and not pattern.labels:
        _refine_by_pattern(run, frame, pattern.const, function, test.args[1], holds)


def _refine_compiled(run: Run, frame: Frame, test: ast.Call, func: ast.Attribute, holds: bool) -> None:
    compiled = quietly(run, frame, func.value)
    pattern = compiled.field("pattern")
    if pattern is not None and isinstance(pattern.const, str) and test.args:
        _refine_by_pattern(run, frame, pattern.const, func.attr, test.args[0], holds)


def _refine_by_pattern(run: Run, frame: Frame, pattern: str, function: str, subject: ast.expr, holds: bool) -> None:
    if holds:
        signs = allowed_signs(pattern, function)
        if signs is not None:
            kinds = run.known.harmless_for(signs)
            if not signs & set("/\\"):
                kinds |= {"dots"}
            clean_by(run, frame, _base(subject), lambda labels: cleaned_labels(labels, kinds))
    elif function == "search":
        refused = refused_signs(pattern)
        if refused:
            clean_by(run, frame, _base(subject), lambda labels: run.known.without(labels, refused))
