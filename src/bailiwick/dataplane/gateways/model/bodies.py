"""The body of a call: read strictly, every string in it looked through, and the model's name made the upstream's.

What is not changed goes out as the bytes that came. A body that two readers could read in two ways is refused: what
stands in one of two keys of the same name would go out unseen.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.core.redaction import Placeholders
from bailiwick.dataplane.gateways.model.search import Look
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# A token is rarely less than three bytes; that errs towards spending too little.
_BYTES_A_TOKEN = 3
# Files and images come as one long word; what they cost does not follow from how they are written.
_LONG_WORD = 20_000
_TOKENS_A_FILE = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A body as it came, read. `model` is the name that the caller gave, `named` whether in the path."""

    raw: bytes
    document: dict[str, Any]
    model: str
    streamed: bool
    named: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A body as it leaves: how many values of each kind were taken out, how many tokens it may take at most as it is
    written, and what stands for what.
    """

    content: bytes
    redacted: Mapping[str, int]
    tokens: int
    names: Placeholders


def read_body(raw: bytes, named: str = "") -> Asked:
    """Read a body, of a call whose path may have `named` the model.

    Raises `CallRefusedError` when it is no JSON object that means one thing only, and where nothing names a model.
    """
    try:
        document = json.loads(raw, object_pairs_hook=_single, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body is not JSON that can be read in one way only") from None
    if not isinstance(document, dict):
        raise CallRefusedError(400, "the body is no JSON object")
    model = named or document.get("model")
    if not isinstance(model, str) or not model:
        raise CallRefusedError(400, "the body names no model", hint='send "model": "NAME"; /v1/models lists yours')
    return Asked(raw, document, model, document.get("stream") is True, bool(named))


def outgoing(asked: Asked, upstream_model: str, look: Look) -> Outgoing:
    """Return the body as it leaves. A search that fails refuses the call: nothing leaves that was not looked at."""
    try:
        strings = list(_strings(asked.document))
        seen = look(strings)
        tokens = _tokens(strings)
        if not any(seen.counts.values()) and (asked.named or asked.model == upstream_model):
            return Outgoing(asked.raw, {}, tokens, seen.names)
        document = _rebuilt(asked.document, iter(seen.strings))
        if not asked.named:
            document["model"] = upstream_model
        content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body cannot be passed on as it was read") from None
    except Exception as fault:  # whatever it is: a scanner that fails lets nothing through
        words = f"the prompt could not be looked through for secrets ({type(fault).__name__}), so nothing was sent"
        raise CallRefusedError(503, words, hint="try again", deciders=("redaction-before-sending",)) from None
    return Outgoing(content, seen.counts, tokens, seen.names)


def output_wanted(asked: Asked, names: tuple[str, ...], otherwise: int) -> int:
    """Return how many tokens a call wants back at most; `otherwise` where it does not say, none for what has no such
    names.
    """
    for name in names:
        wanted = asked.document.get(name)
        if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
            return wanted
    return otherwise if names else 0


def _strings(value: Any) -> Iterator[str]:
    """Yield every string of a document in order, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)


def _rebuilt(value: Any, strings: Iterator[str]) -> Any:
    """Return a document with other strings, which come in the order of `_strings`."""
    if isinstance(value, str):
        return next(strings)
    if isinstance(value, list):
        return [_rebuilt(item, strings) for item in value]
    if isinstance(value, dict):
        return {next(strings): _rebuilt(item, strings) for item in value.values()}
    return value


def _tokens(strings: Iterable[str]) -> int:
    """Return how many tokens strings may take at most."""
    total = files = 0
    for text in strings:
        if len(text) > _LONG_WORD and " " not in text[:_LONG_WORD]:
            files += 1
        else:
            total += len(text.encode(errors="replace"))
    return total // _BYTES_A_TOKEN + files * _TOKENS_A_FILE


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
