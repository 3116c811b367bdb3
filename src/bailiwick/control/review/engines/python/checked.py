"""What a check lets be forgotten or noted of the values that it looked at, under every name that has them."""

import ast
from collections.abc import Callable as Function
from dataclasses import replace

from bailiwick.control.review.engines.python.frames import KNOWN_SOURCE, Frame
from bailiwick.control.review.engines.python.labels import Label, Labels, cleaned_labels
from bailiwick.control.review.engines.python.run import Run, written
from bailiwick.control.review.engines.python.storing import change
from bailiwick.control.review.engines.python.values import EMPTY, Items, Value, deep

DEEPEST = 8
# So many names are looked through in the time of a node.
_NAMES_A_NODE = 8
# What a text is turned into without another text becoming the same: who checks that has checked the text.
ALIKE = frozenset({"lower", "upper", "strip", "casefold", "title", "lstrip", "rstrip"})
HOSTS = frozenset({"netloc", "hostname", "host"})
WHERE = frozenset({"ssrf", "redirect"})
NAMED = ast.Name | ast.Attribute | ast.Subscript


def quietly(run: Run, frame: Frame, node: ast.expr) -> Value:
    """Return what an expression is worth that was gone through before; its calls are not gone through again."""
    before, run.quiet = run.quiet, True
    try:
        return run.evaluate(frame, node)
    finally:
        run.quiet = before


def choose(run: Run, frame: Frame, node: ast.expr) -> None:  # noqa: PLR0912 - one a form
    """Note that a value is one of the app's own, or a number: what it came from no longer matters."""
    if isinstance(node, ast.Call):
        text = written(node)
        for label in quietly(run, frame, node).labels:
            if label.words == text:
                _note_source(frame, label, None)
    if isinstance(node, NAMED):
        if isinstance(node, ast.Attribute) and node.attr in HOSTS | {
            "scheme",
            "suffix",
            "content_type",
            "mimetype",
            "filename",
        }:
            if node.attr in HOSTS:
                clean_all(run, frame, node.value, WHERE)
            elif node.attr in {"suffix", "content_type", "mimetype"}:
                clean_all(run, frame, node.value, frozenset({"upload"}))
            return
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call | ast.Subscript):
            _choose_part(run, frame, node)
            return
        if isinstance(node, ast.Name) and node.id in frame.tests:
            _choose_part(run, frame, frame.tests[node.id])
        value = quietly(run, frame, node)
        change(run, frame, node, Value(shapes=value.shapes if not value.labels else ()))
        _forget_same(frame, value.labels)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ALIKE:
        choose(run, frame, node.func.value)
    elif isinstance(node, ast.Call):
        _choose_part(run, frame, node)
    elif isinstance(node, ast.Tuple):
        for element in node.elts:
            choose(run, frame, element)
    elif isinstance(node, ast.NamedExpr):
        choose(run, frame, node.target)


def _choose_part(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note that a part of a text was checked: the end of a file's name, the host of an address."""
    text = ast.unparse(node)
    if any(f".{host}" in text for host in HOSTS) or ("urlparse" in text and "[1]" in text):
        clean_all(run, frame, node, WHERE)
    elif any(word in text for word in ("split", "suffix", "ext", "guess_type", "content_type", "mimetype")):
        clean_all(run, frame, node, frozenset({"upload"}))


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


def clean_all(run: Run, frame: Frame, node: ast.expr, kinds: frozenset[str]) -> None:
    """Note of everything that came from the same place that it can no longer harm some kinds of sink."""
    clean_by(run, frame, node, lambda labels: cleaned_labels(labels, kinds))


def clean_by(run: Run, frame: Frame, node: ast.expr, clean: Function[[Labels], Labels]) -> None:
    """Note of everything that came from the same place what a check leaves of its labels."""
    labels = deep(quietly(run, frame, node))
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
    if depth > DEEPEST or not any(label.origin in origins for label in deep(value)):
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


def vouch(run: Run, frame: Frame, node: ast.expr) -> None:
    """Note that somebody looked at a value before it was kept: it passed as a password, or as a name that exists."""
    if any(label.kind == "request" and "trust" not in label.clean for label in deep(quietly(run, frame, node))):
        clean_all(run, frame, node, frozenset({"trust"}))


def clean_alike(frame: Frame, before: Value, after: Value) -> None:
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
