"""What a request brings, kept in a table or a file of the app and read there again: a way that no variable shows."""

import ast
import re
from collections.abc import Iterator

from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import NO_LABELS, Label, Labels, bounded, stepped_labels
from bailiwick.control.review.engines.python.run import Given, Run
from bailiwick.control.review.engines.python.storing import change
from bailiwick.control.review.engines.python.values import Value, deep, labelled

STORED = "stored"
# The field of a file in which stands what it was opened with.
_OPENED = "\0opened"
_OPENERS = frozenset({"open", "io.open", "codecs.open"})
_ASKING = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one"})
_READING = frozenset({"read", "readline", "readlines"})
_LONGEST = 4000
_NAME = r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(\w+)[\"`\]]?"
_INSERT = re.compile(rf"\s*(?:insert|replace)\b.{{0,30}}?\binto\s+{_NAME}\s*(?:\(([^()]*)\))?", re.I)
_VALUES = re.compile(r"\bvalues\s*\(([^()]*)\)", re.I)
_UPDATE = re.compile(rf"\s*update\s+{_NAME}\s+set\s+(.*?)(?:\bwhere\b|\Z)", re.I | re.S)
_SELECT = re.compile(rf"\s*select\s+(?:distinct\s+)?(.*?)\s+from\s+{_NAME}", re.I | re.S)
_PLACE = re.compile(r"\?|%s|%\(\w+\)s|:\w+|\$\d+")
_COLUMN = re.compile(r"\w+")


def note_kept(run: Run, frame: Frame, node: ast.expr, path: str, given: Given) -> None:
    """Note what a call writes to a table or file whose name is constant."""
    method = path.rpartition(".")[2]
    if method in _ASKING and given.values and isinstance(given.values[0].const, str):
        for column, labels in _written_columns(_plain(given.values[0].const), given.values[1:]):
            _keep(run, frame, node, ("table", *column), f"the column {column[1]} of {column[0]}", labels)
    elif method in {"write", "writelines"} and given.values:
        name = _file_of(run, frame, node)
        if name:
            _keep(run, frame, node, ("file", name, ""), f"the file {name}", deep(given.values[0]))


def kept_before(run: Run, frame: Frame, node: ast.expr, path: str, given: Given) -> Labels:
    """Return the labels of what a call reads from a table or file, as far as a request put it there."""
    method = path.rpartition(".")[2]
    if method in _READING:
        name = _file_of(run, frame, node)
        return _found(run, ("file", name, "")) if name else NO_LABELS
    if method not in _ASKING or not given.values or not isinstance(given.values[0].const, str):
        return NO_LABELS
    found = _SELECT.match(_plain(given.values[0].const))
    if found is None:
        return NO_LABELS
    table = found.group(2).lower()
    columns = {name.lower() for name in _COLUMN.findall(found.group(1))}
    labels = _found(run, ("table", table, ""))
    if not labels:
        return NO_LABELS
    labels = NO_LABELS
    for column in sorted(run.columns.get(table, ())):
        if "*" in found.group(1) or column in columns:
            labels |= _found(run, ("table", table, column))
    if labels and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # A cursor gives the rows itself.
        owner = run.evaluate(frame, node.func.value)
        change(run, frame, node.func.value, owner.with_labels(bounded(owner.labels | labels)))
    return bounded(labels)


def _plain(query: str) -> str:
    return " ".join(query[:_LONGEST].split())


def opened(path: str, given: Given, value: Value) -> Value:
    """Return an open file with the name that it was opened by, where that is constant."""
    if path not in _OPENERS or not given.values or not isinstance(given.values[0].const, str):
        return value
    return value.with_field(_OPENED, given.values[0])


def _file_of(run: Run, frame: Frame, node: ast.expr) -> str:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return ""
    before, run.quiet = run.quiet, True
    try:
        name = run.evaluate(frame, node.func.value).field(_OPENED)
    finally:
        run.quiet = before
    return str(name.const) if name is not None and isinstance(name.const, str) else ""


def _keep(run: Run, frame: Frame, node: ast.expr, key: tuple[str, str, str], where: str, labels: Labels) -> None:
    mine = frozenset(label for label in labels if label.kind == "request")
    if not mine:
        return
    passed = stepped_labels(mine, frame.module.path, node.lineno, f"is kept in {where}")
    if key[0] == "table":
        run.columns.setdefault(key[1], set()).add(key[2])
    value = labelled(bounded(frozenset(_as_stored(label, where) for label in passed)))
    run.remember(key[:2], key[2], value)
    # Who read the table before anything was known of it, reads it once more.
    run.remember(key[:2], "", value)


def _as_stored(label: Label, where: str) -> Label:
    return Label(STORED, f"{label.words}, kept in {where},", label.path, label.line, label.clean, False, label.steps)


def _found(run: Run, key: tuple[str, str, str]) -> Labels:
    value = run.recalled(key[:2], key[2])
    return NO_LABELS if value is None else value.labels


def _written_columns(query: str, given: tuple[Value, ...]) -> Iterator[tuple[tuple[str, str], Labels]]:
    """Yield the columns that a statement sets to parameters, as (table, column), with the labels of these."""
    inserted, updated = _INSERT.match(query), _UPDATE.match(query)
    if inserted is not None:
        table = inserted.group(1).lower()
        names = [name.strip(' "`[]').lower() for name in (inserted.group(2) or "").split(",")]
        values = _VALUES.search(query)
        parts = values.group(1).split(",") if values is not None else []
        pairs = list(zip(names, parts, strict=False)) if len(names) == len(parts) else []
    elif updated is not None:
        table = updated.group(1).lower()
        sides = [part.partition("=") for part in updated.group(2).split(",")]
        pairs = [(name.strip(' "`[]\n').lower(), value) for name, _, value in sides]
    else:
        return
    parameters = iter(_parameters(given))
    for name, part in pairs:
        for place in _PLACE.findall(part):
            yield (table, name), _labels_of(place, parameters, given)


def _parameters(given: tuple[Value, ...]) -> list[Value]:
    if len(given) == 1 and given[0].items is not None and given[0].items.kind in {"tuple", "list"}:
        items = given[0].items
        return list(items.values()) if items.rest is None else [items.rest] * 32
    return list(given)


def _labels_of(place: str, parameters: Iterator[Value], given: tuple[Value, ...]) -> Labels:
    named = re.fullmatch(r"%\((\w+)\)s|:(\w+)", place)
    held = given[0].items if given else None
    if named is not None and held is not None and held.kind == "dict":
        value = held.get(named.group(1) or named.group(2))
        return deep(value) if value is not None else NO_LABELS
    value = next(parameters, None)
    return deep(value) if value is not None else NO_LABELS
