"""What passes between the control plane and a worker: frames, and findings as JSON that is believed by nobody."""

import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from bailiwick.control.review.model import Finding

MOST_ANSWER_BYTES = 16 * 2**20
MOST_FINDINGS = 20_000
_MOST_CHARACTERS = 20_000
_MOST_ITEMS = 20_000
_HEAD = struct.Struct("!Q")

_Value = TypeVar("_Value")


class WireError(ValueError):
    """What a worker said is not what a worker may say."""


def send_frame(connection: socket.socket, content: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send a frame; descriptors go with its head."""
    head = _HEAD.pack(len(content))
    if descriptors:
        socket.send_fds(connection, [head], list(descriptors))
    else:
        connection.sendall(head)
    connection.sendall(content)


def receive_frame(connection: socket.socket, most_bytes: int) -> tuple[bytearray, list[int]]:
    """Return the next frame and the descriptors that came with it (one at most).

    Raises `EOFError` when the other side has gone, `WireError` when the frame is larger than `most_bytes`.
    """
    head, descriptors, _, _ = socket.recv_fds(connection, _HEAD.size, 1)
    if head and len(head) < _HEAD.size:
        head += _exactly(connection, _HEAD.size - len(head))
    if not head:
        raise EOFError
    (size,) = _HEAD.unpack(head)
    if size > most_bytes:
        raise WireError(f"a frame of {size:,} bytes")
    return _exactly(connection, size), descriptors


def _exactly(connection: socket.socket, count: int) -> bytearray:
    content = bytearray(count)
    rest = memoryview(content)
    while rest:
        received = connection.recv_into(rest)
        if not received:
            raise EOFError
        rest = rest[received:]
    return content


def answers_as_json(answers: Sequence[Sequence[Finding] | str]) -> bytes:
    """Return what engines say, in order, as a worker says it: findings, or the name of a fault."""
    return json.dumps([_said(answer) for answer in answers]).encode()


def _said(answer: Sequence[Finding] | str) -> dict[str, object]:
    return {"failed": answer} if isinstance(answer, str) else {"findings": [plain(finding) for finding in answer]}


def answers_from_json(content: bytes, count: int) -> list[tuple[Finding, ...] | str]:
    """Return the answers of so many engines: what one found, or the name of the fault that it ended with.

    The worker has read what somebody pushed and may be theirs by now: raises `WireError` for anything but what
    `answers_as_json` makes, in sensible sizes.
    """
    try:
        said = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise WireError("this is no JSON") from fault
    if not isinstance(said, list) or len(said) != count:
        raise WireError("every engine that was asked gives one answer")
    return [_answer(item) for item in said]


def _answer(said: object) -> tuple[Finding, ...] | str:
    if not isinstance(said, dict) or len(said) != 1:
        raise WireError("an answer is one of findings and failed")
    if isinstance(said.get("failed"), str):
        return str(said["failed"])[:200]
    found = said.get("findings")
    if not isinstance(found, list) or len(found) > MOST_FINDINGS:
        raise WireError(f"findings must be a list of {MOST_FINDINGS:,} at most")
    return tuple(typed(Finding, item) for item in found)


def plain(value: Any) -> Any:
    """Return a value of the model as JSON knows it: an object of its fields, in order."""
    if is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def typed(kind: type[_Value], value: Any) -> _Value:
    """Return what `plain` made as a value of `kind` again; raise `WireError` when it cannot be one."""
    made: _Value = _typed(kind, value)
    return made


def _typed(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if not isinstance(value, list) or len(value) != len(hints):
            raise WireError(f"a {getattr(kind, '__name__', kind)} has {len(hints)} fields")
        made = (_typed(hint, item) for hint, item in zip(hints, value, strict=True))
        return kind(*made)
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or len(value) > _MOST_ITEMS:
            raise WireError("a list is too long, or none")
        return tuple(_typed(get_args(kind)[0], item) for item in value)
    if get_origin(kind) is UnionType:
        (some,) = (option for option in get_args(kind) if option is not NoneType)
        return None if value is None else _typed(some, value)
    return _simple(kind, value)


def _simple(kind: Any, value: Any) -> Any:
    if kind is str and isinstance(value, str) and len(value) <= _MOST_CHARACTERS:
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31:
        if kind is int:
            return value
        if issubclass(kind, IntEnum):
            try:
                return kind(value)
            except ValueError as fault:
                raise WireError(f"no {kind.__name__} is {value}") from fault
    raise WireError(f"this is no {getattr(kind, '__name__', kind)}, or too long")


@cache
def _hints(kind: type) -> tuple[Any, ...]:
    hints = get_type_hints(kind)
    return tuple(hints[field.name] for field in fields(kind))
