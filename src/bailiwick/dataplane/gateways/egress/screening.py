"""Sensitive values in a body that passes: masked in place, or refused, however the body is cut into pieces.

A value is replaced by as many asterisks, so that lengths stay what was said. What is held back is the end of what came,
from where a value could have begun: never more than the longest one, and nothing once a line or a quoted text is over.
"""

from collections import Counter

from bailiwick.core.guardrails import PayloadRule
from bailiwick.core.redaction.found import Found
from bailiwick.core.sensitive import ENDS, KEY_BEGINS, KEY_ENDS, LONGEST_BYTES, Finder
from bailiwick.dataplane.gateways.egress.connection import RefusedError

SCREENED_PAYLOADS = ("screened-payloads",)
_ENDS = tuple(bytes([byte]) for byte in ENDS)
# What text in UTF-16 begins with: every second byte of it is another than the one that is looked for.
_WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff")


class Screen:
    """Looks through one body. `what` is what it is called in a refusal; in JSON a number stays one."""

    def __init__(self, finder: Finder, rule: PayloadRule, what: str, *, is_json: bool) -> None:
        self._finder = finder
        self._refuses = rule == "refuse"
        self._what = what
        self._is_json = is_json
        self._held = b""
        self._before = b""
        self._in_key = False
        self._begun = False
        self.counts: Counter[str] = Counter()

    def feed(self, data: bytes) -> bytes:
        """Take a piece; return what may pass by now. Raises `RefusedError` where the body may not pass."""
        self._held += data
        return self._passing(last=False)

    def rest(self) -> bytes:
        """Return what was held back, once nothing follows."""
        return self._passing(last=True)

    def _passing(self, *, last: bool) -> bytes:
        if not self._begun and (last or len(self._held) > 1):
            self._begun = True
            if self._held.startswith(_WIDE_TEXT):
                raise RefusedError(f"{self._what} is text that is not read (UTF-16)", SCREENED_PAYLOADS)
        out = self._rest_of_key() if self._in_key else b""
        if self._in_key and not last:
            return out
        data = self._held
        found = self._finder.find(data)
        cut = len(data) if last else self._cut(data, found)
        passing = [item for item in found if item.end <= cut]
        self.counts.update(item.kind for item in passing)
        if self._refuses and passing:
            raise RefusedError(f"{self._what} holds sensitive values ({counted(self.counts)})", SCREENED_PAYLOADS)
        self._in_key = self._in_key or any(_is_open_key(data, item) for item in passing)
        self._held = data[cut:]
        return out + self._masked(data[:cut], passing)

    def _cut(self, data: bytes, found: list[Found]) -> int:
        """Return up to where nothing can be a part of what is still to come."""
        tail = max(0, len(data) - LONGEST_BYTES)
        ended = max(data.rfind(end, tail) for end in _ENDS) + 1
        cut = min(ended or tail, self._finder.begun(data))
        for item in found:
            if _is_open_key(data, item):
                return len(data)
            if item.start < cut and (item.end > cut or item.end == len(data)):
                cut = item.start
        return cut

    def _masked(self, data: bytes, found: list[Found]) -> bytes:
        out, after = [], 0
        for item in found:
            before = data[after : item.start]
            self._note(before)
            out += [before, self._mask(data[item.start : item.end], item)]
            self._before = b"*"
            after = item.end
        self._note(data[after:])
        return b"".join([*out, data[after:]])

    def _note(self, passed: bytes) -> None:
        self._before = passed.rstrip()[-1:] or self._before

    def _mask(self, value: bytes, item: Found) -> bytes:
        """Return as many asterisks; of a number in JSON, which could hold none, its first digit and zeros."""
        if self._is_json and item.kind == "card" and value.isdigit() and self._before in (b":", b",", b"["):
            return value[:1] + b"0" * (len(value) - 1)
        return b"*" * len(value)

    def _rest_of_key(self) -> bytes:
        """Return asterisks for what is still of a private key, whose end was not there yet."""
        end = self._held.find(KEY_ENDS)
        self._in_key = end < 0
        if end < 0:
            end = len(self._held.rstrip(b"-"))
        self._held = self._held[end:]
        return b"*" * end


def counted(counts: Counter[str]) -> str:
    """Return what was found in words: `card: 2, email: 1`."""
    return ", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items()))


def _is_open_key(data: bytes, item: Found) -> bool:
    """Whether a value is a private key of which the last line has not come."""
    return item.end == len(data) and data.startswith(KEY_BEGINS, item.start)
