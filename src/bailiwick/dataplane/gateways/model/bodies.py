"""The body of a call: read strictly, every string in it redacted, and the model's name made the upstream's.

What is not changed goes out as the bytes that came. A body that two readers could read in two ways is refused: what
stands in one of two keys of the same name would go out unseen.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bailiwick.core.redacting import Redact
from bailiwick.dataplane.gateways.refusals import CallRefusedError

# A token is rarely less than three bytes; that errs towards spending too little.
_BYTES_A_TOKEN = 3
# Files and images come as one long word; what they cost does not follow from how they are written.
_LONG_WORD = 20_000
_TOKENS_A_FILE = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A body as it came, read. `model` is the name that the caller gave."""

    raw: bytes
    document: dict[str, Any]
    model: str
    streamed: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A body as it leaves: with how many strings redacted, and how many tokens it may take at most as it is written."""

    content: bytes
    redacted: int
    tokens: int


def read_body(raw: bytes) -> Asked:
    """Read a body; raise `CallRefusedError` when it is no JSON object that means one thing only and names a model."""
    try:
        document = json.loads(raw, object_pairs_hook=_single, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body is not JSON that can be read in one way only") from None
    if not isinstance(document, dict):
        raise CallRefusedError(400, "the body is no JSON object")
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise CallRefusedError(400, "the body names no model", hint='send "model": "NAME"; /v1/models lists yours')
    return Asked(raw, document, model, document.get("stream") is True)


def outgoing(asked: Asked, upstream_model: str, redact: Redact) -> Outgoing:
    """Return the body as it leaves. A redactor that fails refuses the call: nothing leaves that was not looked at."""
    walk = _Walk(redact)
    try:
        document = walk.value(asked.document)
        if not walk.changed and asked.model == upstream_model:
            return Outgoing(asked.raw, 0, walk.tokens)
        document["model"] = upstream_model
        content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise CallRefusedError(400, "the body cannot be passed on as it was read") from None
    except Exception as fault:  # whatever it is: a scanner that fails lets nothing through
        words = f"the prompt could not be looked through for secrets ({type(fault).__name__}), so nothing was sent"
        raise CallRefusedError(503, words, hint="try again", deciders=("redaction-before-sending",)) from None
    return Outgoing(content, walk.changed, walk.tokens)


def output_wanted(asked: Asked, names: tuple[str, ...], otherwise: int) -> int:
    """Return how many tokens a call wants back at most; `otherwise` where it does not say, none for what has no such
    names.
    """
    for name in names:
        wanted = asked.document.get(name)
        if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0:
            return wanted
    return otherwise if names else 0


class _Walk:
    """Goes through every string of a document: values and keys alike."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self.changed = 0
        self._bytes = 0
        self._files = 0

    @property
    def tokens(self) -> int:
        """How many tokens the strings may take at most."""
        return self._bytes // _BYTES_A_TOKEN + self._files * _TOKENS_A_FILE

    def value(self, value: Any) -> Any:
        """Return the same with every string redacted."""
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self._string(key): self.value(item) for key, item in value.items()}
        return value

    def _string(self, text: str) -> str:
        if len(text) > _LONG_WORD and " " not in text[:_LONG_WORD]:
            self._files += 1
        else:
            self._bytes += len(text.encode(errors="replace"))
        clean = self._redact(text)
        self.changed += clean != text
        return clean


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
