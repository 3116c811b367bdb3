"""What is known of values where a check holds, or where it does not."""

import ast
from collections.abc import Callable as Function
from dataclasses import replace

from bailiwick.control.review.engines.python.frames import KNOWN_SOURCE, Frame, State, joined_states
from bailiwick.control.review.engines.python.names import change
from bailiwick.control.review.engines.python.run import Run, written
from bailiwick.control.review.engines.python.signs import allowed_signs, refused_signs
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    External,
    Items,
    Label,
    Labels,
    Value,
    cleaned_labels,
    deep,
)

_DEEPEST = 8
# So many names are looked through in the time of a node.
_NAMES_A_NODE = 8
# Text that is all of these has no sign that does harm anywhere.
_PLAIN = frozenset({"isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"})
# What a text is turned into without another text becoming the same: who checks that has checked the text.
_ALIKE = frozenset({"lower", "upper", "strip", "casefold", "title", "lstrip", "rstrip"})
_HOSTS = frozenset({"netloc", "hostname", "host"})
_WHERE = frozenset({"ssrf", "redirect"})
_NAMED = ast.Name | ast.Attribute | ast.Subscript


def refine(run: Run, frame: Frame, test: ast.expr, holds: bool, depth: int = 0) -> None:
    """Change what is known of the names of a frame to what it is where a test holds, or does not."""
    if frame.names is None or depth > _DEEPEST:
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


def _quietly(run: Run, frame: Frame, node: ast.expr) -> Value:
    """Return what an expression is worth that was gone through before; its calls are not gone through again."""
    before, run.quiet = run.quiet, True
    try:
        return run.evaluate(frame, node)
    finally:
        run.quiet = before


def _refine_comparison(run: Run, frame: Frame, left: ast.expr, op: ast.cmpop, right: ast.expr, holds: bool) -> None:
    positive = isinstance(op, ast.In | ast.Eq | ast.Is)
    if isinstance(op, ast.In | ast.NotIn):
        subject, container = _quietly(run, frame, left), _quietly(run, frame, right)
        if positive is holds and not deep(container) and deep(subject) and _is_collection(container):
            _choose(run, frame, left)
        elif positive is holds and isinstance(right, ast.Attribute) and right.attr == "parents" and not deep(subject):
            _clean_resolved(run, frame, right.value)
        elif positive is not holds and isinstance(subject.const, str) and container.labels and not subject.labels:
            _clean_by(run, frame, right, lambda labels: run.known.without(labels, _signs_refused(str(subject.const))))
    elif isinstance(op, ast.Eq | ast.NotEq) and positive is holds:
        for one, other in ((left, right), (right, left)):
            if deep(_quietly(run, frame, one)) and not deep(_quietly(run, frame, other)):
                _choose(run, frame, one)
                _inside_folder(run, frame, one)
        if all(isinstance(side, ast.Attribute) and side.attr in _HOSTS for side in (left, right)):
            # One of the two is where the request itself went.
            _clean_all(run, frame, left, _WHERE)
            _clean_all(run, frame, right, _WHERE)
        if isinstance(right, ast.Call | ast.Name) and deep(_quietly(run, frame, right)):
            _vouch(run, frame, left)
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


def _choose(run: Run, frame: Frame, node: ast.expr) -> None:  # noqa: PLR0912 - one a form
    """Note that a value is one of the app's own: what it came from no longer matters."""
    if isinstance(node, ast.Call):
        text = written(node)
        for label in _quietly(run, frame, node).labels:
            if label.words == text:
                _note_source(frame, label, None)
    if isinstance(node, _NAMED):
        if isinstance(node, ast.Attribute) and node.attr in _HOSTS | {
            "scheme",
            "suffix",
            "content_type",
            "mimetype",
            "filename",
        }:
            if node.attr in _HOSTS:
                _clean_all(run, frame, node.value, _WHERE)
            elif node.attr in {"suffix", "content_type", "mimetype"}:
                _clean_all(run, frame, node.value, frozenset({"upload"}))
            return
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call | ast.Subscript):
            _choose_part(run, frame, node)
            return
        if isinstance(node, ast.Name) and node.id in frame.tests:
            _choose_part(run, frame, frame.tests[node.id])
        value = _quietly(run, frame, node)
        change(run, frame, node, Value(shapes=value.shapes if not value.labels else ()))
        _forget_same(frame, value.labels)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ALIKE:
        _choose(run, frame, node.func.value)
    elif isinstance(node, ast.Call):
        _choose_part(run, frame, node)
    elif isinstance(node, ast.Tuple):
        for element in node.elts:
            _choose(run, frame, element)
    elif isinstance(node, ast.NamedExpr):
        _choose(run, frame, node.target)


def _choose_part(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note that a part of a text was checked: the end of a file's name, the host of an address."""
    text = ast.unparse(node)
    if any(f".{host}" in text for host in _HOSTS) or ("urlparse" in text and "[1]" in text):
        _clean_all(run, frame, node, _WHERE)
    elif any(word in text for word in ("split", "suffix", "ext", "guess_type", "content_type", "mimetype")):
        _clean_all(run, frame, node, frozenset({"upload"}))


def _forget_same(frame: Frame, labels: Labels) -> None:
    """Forget what other names hold of the very same value, unchanged."""
    same = {label.origin for label in labels if not label.built}
    for label in labels:
        _note_source(frame, label, None)
    if not same or frame.names is None or any(label.built for label in labels):
        return
    for name, value in frame.names.items():
        alone = value.items is None and not value.shapes and not value.fields
        if alone and value.labels and all(label.origin in same and not label.built for label in value.labels):
            frame.names[name] = EMPTY


def _clean_all(run: Run, frame: Frame, node: ast.expr, kinds: frozenset[str]) -> None:
    """Note of everything that came from the same place that it can no longer harm some kinds of sink."""
    _clean_by(run, frame, node, lambda labels: cleaned_labels(labels, kinds))


def _clean_by(run: Run, frame: Frame, node: ast.expr, clean: Function[[Labels], Labels]) -> None:
    labels = deep(_quietly(run, frame, node))
    origins = {label.origin for label in labels}
    if not origins or frame.names is None:
        return
    run.spend(len(frame.names) // _NAMES_A_NODE)
    for name, value in frame.names.items():
        if value.labels or value.items is not None or value.fields:
            frame.names[name] = _cleaned_where(value, origins, clean)
    for label in clean(frozenset(label for label in labels if not label.built)):
        _note_source(frame, label, label.clean)


def _note_source(frame: Frame, label: Label, clean: frozenset[str] | None) -> None:
    """Keep what was found of a part of a request, for where the code asks for it again; None says that it is fine."""
    if frame.names is not None and not label.built:
        known = EMPTY if clean is None else Value(labels=frozenset({replace(label, clean=clean)}))
        frame.names[f"{KNOWN_SOURCE}{label.words}"] = known


def _cleaned_where(
    value: Value, origins: set[tuple[str, str, str, int]], clean: Function[[Labels], Labels], depth: int = 0
) -> Value:
    if depth > _DEEPEST or not any(label.origin in origins for label in deep(value)):
        return value
    mine = frozenset(label for label in value.labels if label.origin in origins)
    labels = value.labels - mine | clean(mine) if mine else value.labels
    items = value.items
    if items is not None:
        rest = None if items.rest is None else _cleaned_where(items.rest, origins, clean, depth + 1)
        known = tuple((key, _cleaned_where(item, origins, clean, depth + 1)) for key, item in items.known)
        items = Items(items.kind, known, rest)
    fields = tuple((name, _cleaned_where(item, origins, clean, depth + 1)) for name, item in value.fields)
    return Value(value.const, labels, value.shapes, items, fields)


def _vouch(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note that somebody looked at a value before it was kept: it passed as a password, or as a name that exists."""
    if any(label.kind == "request" and "trust" not in label.clean for label in deep(_quietly(run, frame, node))):
        _clean_all(run, frame, node, frozenset({"trust"}))


def _refine_call(run: Run, frame: Frame, test: ast.Call, holds: bool, depth: int) -> None:
    outcomes = frame.outcomes.get(id(test))
    if outcomes:
        for place, yes, no in outcomes:
            value = yes if holds else no
            if value is not None and isinstance(place, _NAMED):
                before = _quietly(run, frame, place)
                if isinstance(place, ast.Name):
                    change(run, frame, place, value)
                _clean_alike(frame, before, value)
    kinds = [kind for found in run.known.guards.find(_path(run, frame, test.func)) for kind in found]
    if kinds and holds and test.args:
        _clean_all(run, frame, test.args[0], frozenset(kinds))
    if isinstance(test.func, ast.Attribute):
        _refine_method(run, frame, test, test.func, holds)
    elif isinstance(test.func, ast.Name):
        _refine_function(run, frame, test, test.func.id, holds, depth)
    # What gives back of what it is given, like `unquote(x)`, has checked nothing.
    if holds and not any(label.kind == "request" for label in deep(_quietly(run, frame, test))):
        for argument in test.args:
            if not isinstance(argument, ast.Starred):
                _vouch(run, frame, argument)


def _path(run: Run, frame: Frame, node: ast.expr) -> str:
    return run.project.name_of(frame.module, node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _clean_alike(frame: Frame, before: Value, after: Value) -> None:
    """Give what a check found of one name to what else came from the same place."""
    if frame.names is None or after.labels == before.labels:
        return
    gained = {label.origin: label.clean for label in after.labels}
    for label in before.labels:
        _note_source(frame, label, gained.get(label.origin))
    for name, value in frame.names.items():
        if value.labels and value is not after:
            labels = frozenset(
                next(iter(cleaned_labels(frozenset({label}), gained[label.origin])))
                if label.origin in gained and gained[label.origin] >= label.clean
                else label
                for label in value.labels
            )
            if labels != value.labels:
                frame.names[name] = value.with_labels(labels)


def _refine_function(run: Run, frame: Frame, test: ast.Call, name: str, holds: bool, depth: int) -> None:
    if name == "isinstance" and len(test.args) > 1 and holds:
        kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
        names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
        if names and names <= {"int", "float", "bool", "UUID", "date", "datetime", "Decimal"}:
            _choose(run, frame, test.args[0])
        elif names == {"str"}:
            _clean_all(run, frame, test.args[0], frozenset({"nosql", "mass"}))
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
        _clean_all(run, frame, generator.iter, kinds)
    elif isinstance(test.elt, ast.Compare) and isinstance(test.elt.ops[0], ast.In):
        container = _quietly(run, frame, test.elt.comparators[0])
        if not deep(container) and _is_collection(container):
            _choose(run, frame, generator.iter)


def _refine_any(run: Run, frame: Frame, test: ast.GeneratorExp | ast.ListComp) -> None:
    """`not any(c in x for c in "<>")`, `not any(c in BAD for c in x)`: the text has none of these signs."""
    generator = test.generators[0]
    if not (isinstance(test.elt, ast.Compare) and isinstance(test.elt.ops[0], ast.In)):
        return
    refused = _texts(_quietly(run, frame, generator.iter))
    subject = test.elt.comparators[0]
    if not refused:
        refused, subject = _texts(_quietly(run, frame, subject)), generator.iter
    if refused:
        signs = {sign for text in refused for sign in _signs_refused(text)}
        _clean_by(run, frame, subject, lambda labels: run.known.without(labels, signs))


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
            texts = _texts(_quietly(run, frame, container))
            return frozenset("".join(texts)) if texts else None
    return None


def _refine_method(run: Run, frame: Frame, test: ast.Call, func: ast.Attribute, holds: bool) -> None:
    name = func.attr
    if name in _PLAIN and holds:
        _clean_by(run, frame, _base(func.value), lambda labels: cleaned_labels(labels, run.known.harmless_for("aZ09")))
    elif name == "startswith" and test.args:
        _refine_beginning(run, frame, test, func.value, holds)
    elif name == "endswith" and holds and test.args:
        _clean_all(run, frame, func.value, frozenset({"upload"}))
        _note_quote(run, frame, test, func.value, "quote last")
    elif name in {"is_relative_to", "relative_to"} and holds and test.args:
        if not deep(_quietly(run, frame, test.args[0])):
            _clean_resolved(run, frame, func.value)
    elif name in {"fullmatch", "match", "search"}:
        path = run.project.name_of(frame.module, func)
        if path.startswith(("re.", "regex.", "re2.")):
            _refine_match(run, frame, test, path, holds)
        else:
            _refine_compiled(run, frame, test, func, holds)
    elif name == "issubset" and holds and test.args and not deep(_quietly(run, frame, test.args[0])):
        _choose(run, frame, _base(func.value))


def _base(node: ast.expr) -> ast.expr:
    """Return what `x.replace("-", "").strip()` is about. Signs that were taken out before a check are not checked."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ALIKE:
        node = node.func.value
    return node


def _refine_beginning(run: Run, frame: Frame, test: ast.Call, subject: ast.expr, holds: bool) -> None:
    begin = _quietly(run, frame, test.args[0])
    if holds:
        _note_quote(run, frame, test, subject, "quote first")
    begins = _texts(begin) if begin.items is not None else [begin.const] if isinstance(begin.const, str) else []
    if begins:
        if holds and all(_is_host(text) for text in begins):
            _clean_all(run, frame, subject, _WHERE)
        elif holds and all(text == "/" for text in begins):
            _clean_by(run, frame, subject, lambda labels: _marked(labels, "slash", "slashes"))
        elif not holds and any(text in {"//", "/\\"} for text in begins):
            _clean_by(run, frame, subject, lambda labels: _marked(labels, "slashes", "slash"))
        elif holds and any(len(text) > 1 and text.startswith("/") and text[1] not in "/\\" for text in begins):
            _clean_all(run, frame, subject, frozenset({"redirect"}))
    if holds and not deep(begin):
        _clean_resolved(run, frame, subject)


def _note_quote(run: Run, frame: Frame, test: ast.Call, subject: ast.expr, mark: str) -> None:
    """Note that a text begins or ends with a quote: with none between them it is a literal."""
    if _quietly(run, frame, test.args[0]).const == "'":
        _clean_by(run, frame, subject, lambda labels: run.known.without(labels, {mark}))


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
    labels = deep(_quietly(run, frame, node))
    if labels and all("resolved" in label.clean for label in labels):
        _clean_all(run, frame, node, frozenset({"path"}))


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
    pattern = _quietly(run, frame, test.args[0])
    if isinstance(pattern.const, str) and not pattern.labels:
        _refine_by_pattern(run, frame, pattern.const, function, test.args[1], holds)


def _refine_compiled(run: Run, frame: Frame, test: ast.Call, func: ast.Attribute, holds: bool) -> None:
    compiled = _quietly(run, frame, func.value)
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
            _clean_by(run, frame, _base(subject), lambda labels: cleaned_labels(labels, kinds))
    elif function == "search":
        refused = refused_signs(pattern)
        if refused:
            _clean_by(run, frame, _base(subject), lambda labels: run.known.without(labels, refused))
