"""Many strings that belong together, such as those of a request: looked through in one pass, named together."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from threading import Lock

from bailiwick.core.masking import MASK, Masker
from bailiwick.core.redaction.engine import Redaction
from bailiwick.core.redaction.placeholders import Placeholders

_BETWEEN = "\n\n"
# Further than what stands before a value may say of it: what is found in a string follows from that string alone.
_FAR_APART = "\n\n\0" + "\n" * 120
# The rest of a text that breaks off within a key counts as the key, so that each string is looked at by itself.
_KEY = "PRIVATE KEY"
# The kind of what the platform knows to be secret.
MASKED = "known-secret"
# Where a value begins and ends in its string, and its kind.
Value = tuple[int, int, str]
# Long enough to be looked at by itself: what a value is called stands in it, too.
_LONG = 400
_MOST_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class Redacted:
    """Strings without what must not be seen: how many values of each kind went, and what stands for them.

    Values that the platform knows to be secret are masked for good: they are counted as `known-secret`, without a name.
    """

    strings: Sequence[str]
    counts: Mapping[str, int]
    names: Placeholders


class Seen:
    """Remembers of long strings what was found in them: a conversation is sent whole with each of its turns.

    No text is kept, only its digest and places in it. What is remembered holds for one redaction and one masker.
    """

    def __init__(self) -> None:
        self._found: dict[bytes, tuple[Value, ...]] = {}
        self._by: tuple[object, object] = (None, None)
        # Large bodies are looked through in threads.
        self._turn = Lock()

    def found(self, strings: Sequence[str], redaction: Redaction, masker: Masker) -> list[Sequence[Value]]:
        """Return what is in each of some long strings; values that the masker knows are of the kind `known-secret`."""
        with self._turn:
            if self._by != (redaction, masker):
                self._found, self._by = {}, (redaction, masker)
            # Whoever goes on with an older masker writes into what belongs to that.
            known = self._found
        digests = [blake2b(text.encode(errors="surrogatepass"), digest_size=20).digest() for text in strings]
        with self._turn:
            here = {digest: known[digest] for digest in digests if digest in known}
        new = [place for place, digest in enumerate(digests) if digest not in here]
        looked = _found_of_all([strings[place] for place in new], redaction, masker, _FAR_APART)
        here |= {digests[place]: tuple(values) for place, values in zip(new, looked, strict=True)}
        with self._turn:
            known |= here
            while len(known) > _MOST_SEEN:
                del known[next(iter(known))]
        return [here[digest] for digest in digests]


def redact_strings(strings: Sequence[str], redaction: Redaction, masker: Masker, seen: Seen | None = None) -> Redacted:
    """Return strings redacted; one value has one name in all of them. `seen` saves looking at long ones again."""
    found: list[Sequence[Value]] = [()] * len(strings)
    long = [place for place, text in enumerate(strings) if len(text) >= _LONG] if seen is not None else []
    if seen is not None and long:
        for place, values in zip(long, seen.found([strings[at] for at in long], redaction, masker), strict=True):
            found[place] = values
    others = sorted(set(range(len(strings))).difference(long))
    for place, values in zip(others, _found_of_all([strings[at] for at in others], redaction, masker), strict=True):
        found[place] = values
    names, counts = Placeholders(_BETWEEN.join(strings)), Counter[str]()
    pieces = [
        _replaced(text, values, names, counts) if values else text for text, values in zip(strings, found, strict=True)
    ]
    return Redacted(pieces, counts, names)


def with_known(values: Sequence[Value], known: Sequence[tuple[int, int]]) -> list[Value]:
    """Return values in order, none within another, with those that the platform knows: what shares characters with one
    of these is one.
    """
    if not known:
        return list(values)
    kept: list[Value] = []
    for start, end, kind in sorted([*((start, end, MASKED) for start, end in known), *values]):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), MASKED if MASKED in {kind, kept[-1][2]} else kept[-1][2])
        else:
            kept.append((start, end, kind))
    return kept


def _found_of_all(
    strings: Sequence[str], redaction: Redaction, masker: Masker, between: str = _BETWEEN
) -> list[list[Value]]:
    together = between.join(strings)
    found = found_in(strings, redaction, between)
    if not masker.finds(together):
        return found
    return [with_known(values, masker.places(text)) for text, values in zip(strings, found, strict=True)]


def found_in(strings: Sequence[str], redaction: Redaction, between: str = _BETWEEN) -> list[list[Value]]:
    """Return what is found in each of some strings, which are looked through in one pass, joined by `between`."""
    together = between.join(strings)
    if _KEY in together:
        return [redaction.values(text) for text in strings]
    return _apart(redaction.values(together), strings, len(between))


def is_lone_name(text: str, kind: str) -> bool:
    """Return whether what was found is all there is of a text: a single word is rather of code than a name."""
    return kind == "name" and " " not in text


def _apart(found: Sequence[Value], strings: Sequence[str], between: int) -> list[list[Value]]:
    """Return what was found in all strings together by string: what reaches over two is a value in both."""
    begins = list(accumulate((len(text) + between for text in strings[:-1]), initial=0))
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
        if is_lone_name(text, kind):
            continue
        kept += [text[place:start], MASK if kind == MASKED else names.of(kind, text[start:end])]
        counts[kind] += 1
        place = end
    return "".join(kept) + text[place:] if kept else text
