"""The body of a call: read strictly, every string in it looked through, and the model's name made the upstream's.

What is not changed goes out as the bytes that came. A body that two readers could read in two ways is refused: what
stands in one of two keys of the same name would go out unseen.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ParamSpec, TypeVar

from bailiwick.core.injection import signs_in
from bailiwick.core.redaction import Own, Redacted
from bailiwick.dataplane.gateways.model.conversation import without_tools
from bailiwick.dataplane.gateways.model.documents import rebuilt, strings_in, written
from bailiwick.dataplane.gateways.model.policing import Noticed, SignsIn, notice
from bailiwick.dataplane.gateways.model.search import Look
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# A token is rarely less than three bytes; that errs towards spending too little.
_BYTES_A_TOKEN = 3
# Files and images come as one long word; what they cost does not follow from how they are written.
_LONG_WORD = 20_000
_TOKENS_A_FILE = 2_000
# From here on, looking through a body would keep others waiting.
LARGE_BODY = 256 * 1024

_Out = TypeVar("_Out")
_In = ParamSpec("_In")


@dataclass(frozen=True, slots=True)
class Asked:
    """A body as it came, read. `model` is the name that the caller gave, `named` whether in the path."""

    raw: bytes
    document: dict[str, Any]
    model: str
    streamed: bool
    named: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen in a body: its strings without what must not leave, what it is about, and how many tokens it may
    take at most.
    """

    seen: Redacted
    noticed: Noticed
    tokens: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A body as it leaves: how many values of each kind were taken out, how many tokens it may take at most as it is
    written, and its strings with what stands for what in them.
    """

    content: bytes
    redacted: Mapping[str, int]
    tokens: int
    seen: Redacted


def read_body(raw: bytes, named: str = "") -> Asked:
    """Read a body, of a call whose path may have `named` the model.

    Raises `CallRefusedError` when it is no JSON object that means one thing only, and where nothing names a model.
    """
    try:
        document = json.loads(raw, object_pairs_hook=_single, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body is not JSON that can be read in one way only") from None
    if not isinstance(document, dict):
        raise CallRefusedError(400, "the body is no JSON object")
    model = named or document.get("model")
    if not isinstance(model, str) or not model:
        raise CallRefusedError(400, "the body names no model", hint='send "model": "NAME"; /v1/models lists yours')
    return Asked(raw, document, model, document.get("stream") is True, bool(named))


def look_through(asked: Asked, look: Look, topics: Own, signs: SignsIn = signs_in) -> Looked:
    """Look through a body. A search that fails refuses the call: nothing leaves that was not looked at."""
    try:
        strings = strings_in(asked.document)
        return Looked(look(strings), notice(asked.document, topics, signs), _tokens(strings))
    except RecursionError:
        raise CallRefusedError(400, "the body cannot be passed on as it was read") from None
    except Exception as fault:  # whatever it is: a scanner that fails lets nothing through
        words = f"the prompt could not be looked through for secrets ({type(fault).__name__}), so nothing was sent"
        raise CallRefusedError(503, words, hint="try again", deciders=("redaction-before-sending",)) from None


def outgoing(asked: Asked, upstream_model: str, looked: Looked, closed: Collection[str]) -> Outgoing:
    """Return the body as it leaves, without the tools that are closed."""
    seen = looked.seen
    if not any(seen.counts.values()) and (asked.named or asked.model == upstream_model) and not closed:
        return Outgoing(asked.raw, {}, looked.tokens, seen)
    try:
        changed = any(seen.counts.values())
        document = rebuilt(asked.document, iter(seen.strings)) if changed else dict(asked.document)
        if closed:
            document = without_tools(document, frozenset(closed))
        if not asked.named:
            document["model"] = upstream_model
        content = written(document)
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body cannot be passed on as it was read") from None
    return Outgoing(content, seen.counts, looked.tokens, seen)


async def off_loop(size: int, work: Callable[_In, _Out], *arguments: _In.args, **options: _In.kwargs) -> _Out:
    """Do work on a body of a size; on one that would keep others waiting, in a thread."""
    if size < LARGE_BODY:
        return work(*arguments, **options)
    return await asyncio.to_thread(work, *arguments, **options)


def output_wanted(asked: Asked, names: tuple[str, ...], otherwise: int) -> int:
    """Return how many tokens a call wants back at most; `otherwise` where it does not say, none for what has no such
    names.
    """
    for name in names:
        wanted = asked.document.get(name)
        if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
            return wanted
    return otherwise if names else 0


def _tokens(strings: Sequence[str]) -> int:
    """Return how many tokens strings may take at most."""
    files = [text for text in strings if len(text) > _LONG_WORD and " " not in text[:_LONG_WORD]]
    size = sum(map(_bytes_in, strings)) - sum(map(_bytes_in, files))
    return size // _BYTES_A_TOKEN + len(files) * _TOKENS_A_FILE


def _bytes_in(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("a number is larger than any that can be passed on")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
