"""How many tokens an answer says that it took, read as it passes by: whole documents and streams of all wires.

A stream that never says (chat completions do so only when asked) is counted by its events, each at least a token, and a
whole answer by its length. What a server says and cannot be is as if it had not said it: a call is never free by that.
"""

import json
from collections.abc import Mapping
from typing import Any

_MOST_KEPT_BYTES = 8 * 2**20
_LONGEST_ID = 200
# No call takes more: who says so is wrong, or wants counters to break.
_MOST_TOKENS = 100_000_000
# A token is rarely less than three bytes; that errs towards spending too much.
_BYTES_A_TOKEN = 3
_IN = ("prompt_tokens", "input_tokens")
_OUT = ("completion_tokens", "output_tokens")
# What Anthropic counts apart from the input although it was sent: put into its cache, and found there.
_WRITTEN, _READ = "cache_creation_input_tokens", "cache_read_input_tokens"
# Where OpenAI says how much of the input it found in its cache.
_DETAILS = ("prompt_tokens_details", "input_tokens_details")


class UsageReader:
    """Reads along. At most eight megabytes are kept: of what is longer, nothing is known and the estimate stays."""

    def __init__(self, *, streamed: bool) -> None:
        self._streamed = streamed
        self._kept = bytearray()
        self._dropping = False
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.cached = self.written = 0
        self.events = self._size = 0
        self.answer_id = ""

    def feed(self, data: bytes) -> None:
        """Take a piece of the answer's body."""
        self._size += len(data)
        if not self._streamed:
            if len(self._kept) + len(data) <= _MOST_KEPT_BYTES:
                self._kept += data
            else:
                self._dropping = True
            return
        self._kept += data
        *lines, rest = self._kept.split(b"\n")
        self._kept = rest if len(rest) <= _MOST_KEPT_BYTES else bytearray()
        for line in lines:
            self._line(bytes(line))

    @property
    def estimate(self) -> int:
        """How many tokens an answer has that does not say."""
        return self.events if self._streamed else -(-self._size // _BYTES_A_TOKEN)

    def finish(self) -> None:
        """Read what there is once the answer is over."""
        if self._streamed:
            self._line(bytes(self._kept))
        elif not self._dropping:
            self._document(bytes(self._kept))
        self._kept.clear()

    def _line(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return
        self.events += 1
        if b'"usage"' in line:
            self._document(line[5:])

    def _document(self, text: bytes) -> None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(document, dict):
            return
        # A stream of messages tells the input in its first event and the output in its last; responses tell in theirs.
        for holder in (document, document.get("message"), document.get("response")):
            if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
                self._usage(holder["usage"])
                self.answer_id = str(holder.get("id") or self.answer_id)[:_LONGEST_ID]

    def _usage(self, usage: Mapping[str, Any]) -> None:
        told_in = [count for name in _IN if (count := _count(usage.get(name))) is not None]
        told_out = [count for name in _OUT if (count := _count(usage.get(name))) is not None]
        written, read = _count(usage.get(_WRITTEN)) or 0, _count(usage.get(_READ)) or 0
        if told_in:
            self.tokens_in = max(self.tokens_in or 0, told_in[0] + written + read)
            parts = [usage[name] for name in _DETAILS if isinstance(usage.get(name), dict)]
            within = max((_count(part.get("cached_tokens")) or 0 for part in parts), default=0)
            # What is found in a cache is a part of the input, whatever a server says.
            self.written = min(max(self.written, written), self.tokens_in)
            self.cached = min(max(self.cached, read, within), self.tokens_in - self.written)
        if told_out:
            self.tokens_out = max(self.tokens_out or 0, told_out[0])


def _count(value: object) -> int | None:
    """Return a number of tokens, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_TOKENS:
        return None
    return value
