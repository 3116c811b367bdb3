"""Texts that a server answers, without secrets: whatever stands in them, no key goes on to an app and its model."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bailiwick.dataplane.gateways.mcp.messages import Said
from bailiwick.dataplane.gateways.refusals import CallRefusedError

Redact = Callable[[Sequence[str]], Awaitable[Sequence[str]]]
# What describes tools was approved as it is; bytes in base64 are no text.
_AS_APPROVED = frozenset({"tools/list", "initialize", "server/discover"})
_BYTES = frozenset({"data", "blob"})
# What a server or an app must get back as it was; in results of tools these names are no more than others.
_OPAQUE = frozenset({"requestState", "nextCursor", "progressToken", "requestId"})
_BAD_ANSWER = 502


async def without_secrets(message: Said, method: str, redact: Redact) -> tuple[Said, int]:
    """Return what answers a call of a method without secrets, and how many texts had some.

    Raises `CallRefusedError` where that cannot be told.
    """
    if method in _AS_APPROVED and message.error is None and not message.method:
        return message, 0
    told = {name: _open(getattr(message, name)) for name in ("result", "params", "error")}
    texts = list(_texts(told))
    if not texts:
        return message, 0
    try:
        found = await redact(texts)
    except Exception as fault:
        raise CallRefusedError(_BAD_ANSWER, "the server's answer could not be looked through") from fault
    changed = sum(before != after for before, after in zip(texts, found, strict=True))
    if not changed:
        return message, 0
    made = _rebuilt(told, iter(found))
    parts: dict[str, Any] = {name: {**getattr(message, name), **made[name]} for name in told if made[name]}
    return replace(message, **parts), changed


def _open(part: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (part or {}).items() if name not in _OPAQUE}


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, item in value.items():
                if not _is_bytes(name, value):
                    yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _rebuilt(value: Any, texts: Iterator[str]) -> Any:
    match value:
        case str():
            return next(texts)
        case dict():
            return {name: item if _is_bytes(name, value) else _rebuilt(item, texts) for name, item in value.items()}
        case list():
            return [_rebuilt(item, texts) for item in value]
        case _:
            return value


def _is_bytes(name: str, within: Mapping[str, Any]) -> bool:
    return name in _BYTES and isinstance(within.get("mimeType"), str)
