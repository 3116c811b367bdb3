"""Many strings that belong together, such as those of a request: looked through in one pass, named together."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bailiwick.core.masking import Masker
from bailiwick.core.redaction.engine import Redaction
from bailiwick.core.redaction.placeholders import Placeholders

_BETWEEN = "\n\n"
# The rest of a text that breaks off within a key counts as the key, so that each string is looked at by itself.
_KEY = "PRIVATE KEY"
_MASKED = "known-secret"
Value = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Redacted:
    """Strings without what must not be seen: how many values of each kind went, and what stands for them.

    Values that the platform knows to be secret are masked for good: they are counted as `known-secret`, without a name.
    """

    strings: Sequence[str]
    counts: Mapping[str, int]
    names: Placeholders


def redact_strings(strings: Sequence[str], redaction: Redaction, masker: Masker) -> Redacted:
    """Return strings redacted; one value has one name in all of them."""
    together, counts = _BETWEEN.join(strings), Counter[str]()
    if masker.finds(together):
        masked = [masker.mask(text) for text in strings]
        counts[_MASKED] = sum(one != other for one, other in zip(strings, masked, strict=True))
        strings, together = masked, _BETWEEN.join(masked)
    names = Placeholders(together)
    if _KEY in together:
        found = [redaction.values(text) for text in strings]
    else:
        found = _apart(redaction.values(together), strings)
    pieces = [_replaced(text, values, names, counts) for text, values in zip(strings, found, strict=True)]
    return Redacted(pieces, counts, names)


def _apart(found: Sequence[Value], strings: Sequence[str]) -> list[list[Value]]:
    """Return what was found in all strings together by string: what reaches over two is a value in both."""
    begins = list(accumulate((len(text) + len(_BETWEEN) for text in strings[:-1]), initial=0))
    parts: list[list[Value]] = [[] for _ in strings]
    for start, end, kind in found:
        index = bisect_right(begins, start) - 1
        while index < len(strings) and begins[index] < end:
            here, until = max(0, start - begins[index]), min(len(strings[index]), end - begins[index])
            if here < until:
                parts[index].append((here, until, kind))
            index += 1
    return parts


def _replaced(text: str, values: Sequence[Value], names: Placeholders, counts: Counter[str]) -> str:
    kept, place = [], 0
    for start, end, kind in values:
        # A single word is rather a name of code than somebody's.
        if kind == "name" and " " not in text:
            continue
        kept += [text[place:start], names.of(kind, text[start:end])]
        counts[kind] += 1
        place = end
    return "".join(kept) + text[place:] if kept else text
