"""Arrays and maps of the app: what is put in, looked up and taken out, by place and key where those are known."""

from typing import TYPE_CHECKING

from bailiwick.control.review.engines.javascript.objects import element, put
from bailiwick.control.review.engines.javascript.values import NOTHING, Thing, Value, joined

if TYPE_CHECKING:
    from bailiwick.control.review.engines.javascript.calls import Call
    from bailiwick.control.review.engines.javascript.interpreter import Interpreter


def put_in(run: "Interpreter", call: "Call") -> None:
    """Put what a call gives into the arrays or maps that it is a method of."""
    value = call.values[-1] if call.values else NOTHING
    key = call.argument(0)
    sure = len(call.owner.things) == 1 and not run.branching
    for thing in call.owner.things:
        if thing.kind == "map" and call.method == "set" and key.known:
            put(thing, _key(key), value, sure=sure)
        elif thing.kind == "array" and call.method == "push" and sure and _in_order(thing):
            for place, given in enumerate(call.values, start=len(thing.fields)):
                put(thing, str(place), given, sure=True)
        else:
            if thing.kind == "array" and call.method != "push":
                _forget_places(thing)
            for given in call.values if call.method in {"push", "unshift"} else (value,):
                put(thing, None, given)


def looked_up(call: "Call") -> Value:
    """Return what is in a map under a key, or in an array at a place."""
    key = call.argument(0)
    maps = [thing for thing in call.owner.things if thing.kind in {"map", "array"}]
    if not key.known or len(maps) < len(call.owner.things) or call.owner.taints:
        return element(call.owner)
    found = [thing.fields.get(_key(key)) for thing in maps]
    loose = [thing.rest for thing in maps if thing.rest is not None]
    return joined([*(value for value in found if value is not None), *loose])


def taken_out(run: "Interpreter", call: "Call") -> Value:
    """Take the first, the last or some elements out of arrays, and return what they may be."""
    things = call.owner.things
    only = things[0]
    sure = len(things) == 1 and not run.branching and _in_order(only) and bool(only.fields)
    if sure and call.method in {"shift", "pop"} and not call.owner.taints:
        values = list(only.fields.values())
        taken = values.pop(0 if call.method == "shift" else -1)
        only.fields = {str(place): value for place, value in enumerate(values)}
        return taken
    found = element(call.owner)
    for thing in things:
        if call.method != "pop":
            _forget_places(thing)
        if call.method == "splice":
            for given in call.values[2:]:
                put(thing, None, given)
    return found if call.method != "splice" else Value(things=(Thing("array", rest=found),), taints=found.taints)


def _key(key: Value) -> str:
    number = isinstance(key.const, float) and key.const.is_integer()
    return str(int(key.const)) if number else str(key.const)


def _in_order(thing: Thing) -> bool:
    """Return whether all elements of an array are known by their places."""
    return (
        thing.kind == "array"
        and thing.rest is None
        and list(thing.fields) == [str(n) for n in range(len(thing.fields))]
    )


def _forget_places(thing: Thing) -> None:
    """Let every element of an array be at any place."""
    for value in thing.fields.values():
        thing.rest = value if thing.rest is None else joined([thing.rest, value])
    thing.fields = {}
