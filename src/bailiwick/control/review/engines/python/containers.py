"""Methods of texts, lists, dicts and the like: what they give, and what the thing holds afterwards."""

import ast
import re
from collections.abc import Callable as Function
from dataclasses import replace

from bailiwick.control.review.engines.python import constants
from bailiwick.control.review.engines.python.constants import UNKNOWN
from bailiwick.control.review.engines.python.frames import Frame
from bailiwick.control.review.engines.python.labels import Labels, bounded, built, cleaned_labels
from bailiwick.control.review.engines.python.parts import element
from bailiwick.control.review.engines.python.run import Given, Run
from bailiwick.control.review.engines.python.sinks import check_call, check_format
from bailiwick.control.review.engines.python.storing import change, with_item
from bailiwick.control.review.engines.python.texts import concatenated
from bailiwick.control.review.engines.python.values import (
    EMPTY,
    Items,
    Value,
    constant,
    deep,
    join_all,
    joined,
    labelled,
    sequence,
)

# Methods of text that give no text of it.
_ASKING = frozenset(
    "count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable "
    "isspace istitle isupper rfind rindex startswith".split()
)
_CUTTING = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
_KEEPING = frozenset(
    "capitalize casefold center decode encode expandtabs hex ljust lower lstrip removeprefix removesuffix rjust rstrip "
    "strip swapcase title translate upper zfill tobytes".split()
)
TEXT_METHODS = _ASKING | _CUTTING | _KEEPING | {"format", "format_map", "join", "replace"}


def call_method(run: Run, frame: Frame, node: ast.Call, receiver: Value, name: str, given: Given) -> Value:
    """Return what a method gives of a thing whose class is none of the app's and not known by a path."""
    if receiver.items is not None:
        handler = _CONTAINER.get(receiver.items.kind)
        return handler(run, frame, node, receiver, name, given) if handler is not None else _unknown(receiver, given)
    if name in TEXT_METHODS:
        return text_method(run, frame, node, receiver, name, given)
    check_call(run, frame, node, f"?.{name}", receiver, given)
    callbacks = call_functions(run, frame, node, given)
    if name in {"get", "pop", "setdefault"} and receiver.labels and len(given.values) > 1:
        return joined(labelled(receiver.labels), given.values[1])
    if name in {"append", "add", "extend", "insert", "put", "update", "write", "appendleft", "put_nowait"}:
        _take_in(run, frame, node, receiver, given)
    return labelled(bounded(receiver.labels | callbacks))


def _unknown(receiver: Value, given: Given) -> Value:
    return labelled(bounded(deep(receiver) | frozenset(label for value in given.all() for label in deep(value))))


def call_functions(run: Run, frame: Frame, node: ast.expr, given: Given) -> Labels:
    """Call the app's functions among the arguments of a call that is not the app's: it will, some time."""
    labels: Labels = frozenset()
    for position, value in enumerate(given.values):
        if any(hasattr(shape, "code") for shape in value.shapes):
            after = given.values[position + 1 :] or tuple(element(item) for item in given.values[:position])
            labels |= deep(run.call(frame, node, value, Given(tuple(after))))
    for name in ("target", "func", "fn", "callback", "key", "default_factory", "function"):
        value = given.named.get(name, EMPTY)
        if any(hasattr(shape, "code") for shape in value.shapes):
            handed = given.named.get("args", EMPTY)
            held = list(handed.items.values()) if handed.items is not None else [element(item) for item in given.values]
            labels |= deep(run.call(frame, node, value, Given(tuple(held))))
    return labels


def _take_in(run: Run, frame: Frame, node: ast.Call, receiver: Value, given: Given) -> None:
    """Note that a thing of unknown class may hold what it was given: a list that a parameter brought, say."""
    labels = frozenset(label for value in given.all() for label in deep(value))
    if labels - receiver.labels and isinstance(node.func, ast.Attribute):
        change(run, frame, node.func.value, receiver.with_labels(bounded(receiver.labels | labels)))


def text_method(  # noqa: PLR0911 - one a method
    run: Run, frame: Frame, node: ast.Call, receiver: Value, name: str, given: Given
) -> Value:
    """Return what a method of text gives."""
    consts = [value.const if not value.labels else UNKNOWN for value in given.values]
    named = {key: value.const if not value.labels else UNKNOWN for key, value in given.named.items()}
    if receiver.const is not UNKNOWN and not receiver.labels and given.rest is None and given.extra is None:
        plain = [
            _plain(value) if const is UNKNOWN else const for value, const in zip(given.values, consts, strict=True)
        ]
        folded = constants.method(receiver.const, name, plain, named)
        if folded is not UNKNOWN:
            return constant(folded)
    if name in _ASKING:
        return EMPTY
    if name in {"format", "format_map"}:
        check_format(run, frame, node, receiver, given)
        return _formatted(receiver, _named_by_map(given) if name == "format_map" else given)
    if name == "join":
        inner = element(given.values[0]) if given.values else EMPTY
        return labelled(bounded(built(receiver.labels | deep(inner))))
    if name == "replace":
        return _replaced(run, receiver, given)
    if name in _CUTTING:
        return Value(items=Items("list", (), labelled(receiver.labels)))
    return labelled(receiver.labels)


def _plain(value: Value) -> object:
    """Return a list or tuple of constants as such."""
    items = value.items
    if items is None or items.rest is not None or value.labels or items.kind not in {"list", "tuple"}:
        return UNKNOWN
    held = [item.const if not item.labels else UNKNOWN for item in items.values()]
    return UNKNOWN if UNKNOWN in held else held


def _named_by_map(given: Given) -> Given:
    """Return what `format_map` is given as if `format` were."""
    items = given.values[0].items if given.values else None
    if items is None or items.kind != "dict":
        return Given(extra=join_all(given.values))
    return Given(named={str(key): value for key, value in items.known}, extra=items.rest)


def _formatted(receiver: Value, given: Given) -> Value:
    everything = frozenset(label for value in given.all() for label in deep(value))
    if not isinstance(receiver.const, str):
        return labelled(bounded(built(receiver.labels | everything)))
    parts: list[Value] = []
    end = 0
    automatic = 0
    for place in re.finditer(r"\{\{|\}\}|\{([^{}:!.\[]*)([^{}:!]*)(![rsa])?(:[^{}]*)?\}", receiver.const):
        parts.append(Value(receiver.const[end : place.start()]))
        end = place.end()
        key = place.group(1)
        if key is None:
            parts.append(Value(place.group(0)[0]))
            continue
        if key == "":
            key, automatic = str(automatic), automatic + 1
        value = given.at(int(key)) if key.isdigit() else given.named.get(key, given.extra)
        value = value or EMPTY
        spec = place.group(4) or ""
        if spec[-1:] in set("bdeEfFgGnxX%") and spec:
            value = Value("0")
        elif place.group(3) in {"!r", "!a"}:
            value = labelled(cleaned_labels(deep(value), frozenset({"log", "header", "email"})))
        parts.append(value if isinstance(value.const, str) and not value.labels else labelled(deep(value)))
    parts.append(Value(receiver.const[end:]))
    return concatenated(parts)


def _replaced(run: Run, receiver: Value, given: Given) -> Value:
    labels = receiver.labels
    if len(given.values) > 1:
        old, new = given.values[0].const, given.values[1].const
        if isinstance(old, str) and isinstance(new, str) and old and old not in new and len(given.values) == 2:  # noqa: PLR2004
            labels = run.known.without(labels, {old})
        labels |= deep(given.values[1])
    return labelled(bounded(built(labels)))


def _list_method(  # noqa: PLR0911, PLR0912 - one a method
    run: Run, frame: Frame, node: ast.Call, receiver: Value, name: str, given: Given
) -> Value:
    items = receiver.items
    if items is None or not isinstance(node.func, ast.Attribute):
        return EMPTY
    known = [item for _, item in items.known] if items.rest is None else None
    first = given.values[0] if given.values else EMPTY
    after: list[Value] | None = None
    result = EMPTY
    if name in {"append", "put", "put_nowait", "add", "push"}:
        after = None if known is None else [*known, first]
    elif name == "appendleft":
        after = None if known is None else [first, *known]
    elif name == "insert" and known is not None and len(given.values) > 1:
        position = first.const
        if isinstance(position, int):
            after = list(known)
            after.insert(position, given.values[1])
    elif name in {"extend", "extendleft", "__iadd__"}:
        other = first.items
        exact = known is not None and other is not None and other.rest is None and other.kind in {"list", "tuple"}
        after = [*known, *other.values()] if exact and known is not None and other is not None else None
        first = element(first)
    elif name in {"pop", "popleft", "get", "get_nowait"}:
        return _popped(run, frame, node.func.value, receiver, name, first)
    elif name in {"remove", "discard"}:
        if known is not None and all(item.const is not UNKNOWN for item in known) and first.const is not UNKNOWN:
            after = list(known)
            position = next((index for index, item in enumerate(known) if item.const == first.const), None)
            if position is not None:
                del after[position]
        elif known is None:
            return EMPTY
        else:
            first = join_all(known)
    elif name in {"clear"}:
        after = []
    elif name == "reverse" and known is not None:
        after = known[::-1]
    elif name == "sort" and known is not None:
        after, first = None, EMPTY
        if not any(deep(item) for item in known):
            return EMPTY
    elif name in {"copy", "union", "intersection", "difference"}:
        return joined(receiver, first) if given.values else receiver
    else:
        call_functions(run, frame, node, given)
        return EMPTY
    if after is None and items.kind == "list":
        new = Items("list", (), join_all([*items.values(), *given.values[1:], first]))
    elif after is None or items.kind == "set":
        new = Items(items.kind, (), join_all([*(after or items.values()), first]))
    else:
        new = sequence(items.kind, after).items or items
    change(run, frame, node.func.value, receiver.with_items(new))
    return result


def _popped(run: Run, frame: Frame, place: ast.expr, receiver: Value, name: str, first: Value) -> Value:
    items = receiver.items
    if items is None:
        return EMPTY
    if items.rest is not None or not items.known:
        return join_all(items.values())
    known = [item for _, item in items.known]
    position: object = -1 if name == "pop" else 0
    if name == "pop" and first is not EMPTY:
        position = first.const
    if not isinstance(position, int):
        return join_all(known)
    if not -len(known) <= position < len(known):
        return EMPTY
    found = known.pop(position)
    change(run, frame, place, receiver.with_items(Items(items.kind, tuple(enumerate(known)))))
    return found


def _dict_method(  # noqa: PLR0911, PLR0912 - one a method
    run: Run, frame: Frame, node: ast.Call, receiver: Value, name: str, given: Given
) -> Value:
    items = receiver.items
    if items is None or not isinstance(node.func, ast.Attribute):
        return EMPTY
    place = node.func.value
    first = given.values[0] if given.values else EMPTY
    default = given.values[1] if len(given.values) > 1 else given.named.get("default", Value(None))
    if name in {"get", "pop", "setdefault", "__getitem__"}:
        return _taken(run, frame, place, receiver, name, first, default)
    if name in {"items"}:
        pairs = [sequence("tuple", [constant(key), value]) for key, value in items.known]
        if items.rest is None:
            return sequence("list", pairs)
        pairs.append(sequence("tuple", [labelled(receiver.labels | items.rest.labels), items.rest]))
        return Value(labels=receiver.labels, items=Items("list", (), join_all(pairs)))
    if name in {"keys", "__iter__"}:
        keys = [constant(key) for key, _ in items.known]
        return (
            sequence("list", keys) if items.rest is None else Value(items=Items("list", (), labelled(receiver.labels)))
        )
    if name == "values":
        return Value(items=Items("list", (), join_all(items.values())))
    if name == "copy":
        return receiver
    if name == "clear":
        change(run, frame, place, receiver.with_items(Items(items.kind)))
    elif name in {"update", "__ior__"}:
        new = receiver
        other = first.items
        if other is not None and other.kind == "dict":
            held = items
            for key, value in other.known:
                held = with_item(held, constant(key), value)
            if other.rest is not None:
                held = replace(held, rest=join_all([other.rest, *([held.rest] if held.rest is not None else [])]))
            new = new.with_items(held)
        elif first.labels:
            new = new.with_labels(bounded(new.labels | first.labels))
        for key, value in given.named.items():
            new = new.with_items(with_item(new.items or items, constant(key), value))
        change(run, frame, place, new)
    elif name in {"append", "add"}:
        change(run, frame, place, receiver.with_labels(bounded(receiver.labels | deep(first))))
    return EMPTY


def _taken(run: Run, frame: Frame, place: ast.expr, receiver: Value, name: str, key: Value, default: Value) -> Value:
    items = receiver.items
    if items is None:
        return EMPTY
    if key.const is UNKNOWN or key.labels:
        found = join_all([*items.values(), default])
    else:
        held = items.get(key.const)
        found = default if held is None else held
        if held is None and name == "setdefault":
            change(run, frame, place, receiver.with_items(with_item(items, key, default)))
        if name == "pop" and items.rest is None:
            left = tuple(item for item in items.known if item[0] != key.const)
            change(run, frame, place, receiver.with_items(replace(items, known=left)))
    return found.with_labels(bounded(found.labels | receiver.labels)) if receiver.labels else found


def _settings_method(run: Run, frame: Frame, node: ast.Call, receiver: Value, name: str, given: Given) -> Value:
    """Return what a method of a `configparser` gives, whose values lie under a section and a key."""
    items = receiver.items
    if items is None or not isinstance(node.func, ast.Attribute):
        return EMPTY
    keys = tuple(value.const if not value.labels else UNKNOWN for value in given.values[:2])
    key = EMPTY if UNKNOWN in keys else Value(keys)
    if name == "set" and len(given.values) > 2:  # noqa: PLR2004 - section, key and value
        change(run, frame, node.func.value, receiver.with_items(with_item(items, key, given.values[2])))
    elif name == "get":
        default = given.named.get("fallback", EMPTY)
        return join_all(items.values()) if key.const is UNKNOWN else (items.get(key.const) or default)
    elif name in {"getint", "getfloat", "getboolean", "sections", "options"}:
        return EMPTY
    elif name in {"read_string", "read_dict", "read"}:
        labels = frozenset(label for value in given.all() for label in deep(value))
        rest = labelled(labels)
        change(run, frame, node.func.value, receiver.with_items(replace(items, rest=rest)))
    elif name in {"items", "values"}:
        return Value(items=Items("list", (), join_all(items.values())))
    return EMPTY


_CONTAINER: dict[str, Function[..., Value]] = {
    "list": _list_method, "set": _list_method, "tuple": _list_method, "dict": _dict_method, "config": _settings_method,
    "generator": _list_method,
}  # fmt: skip
