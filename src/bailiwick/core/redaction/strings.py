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
from bailiwick.core.redaction.found import Found, apart
from bailiwick.core.redaction.placeholders import Placeholders
from bailiwick.core.redaction.splits import begun_in, split_over

_BETWEEN = "\n\n"
# Further than what stands before a value may say of it: what is found in a string follows from that string alone.
_FAR_APART = "\n\n\0" + "\n" * 120
# The rest of a text that breaks off within a key counts as the key, so that each string is looked at by itself.
_KEY = "PRIVATE KEY"
# The kind of what the platform knows to be secret.
MASKED = "known-secret"
# Where a value begins and ends in its string, and its kind.
Value = tuple[int, int, str]
# What is in a string, and how much of its end begins a credential that may go on in another one.
_InString = tuple[Sequence[Value], int]
# Long enough to be looked at by itself: what a value is called stands in it, too.
_LONG = 400
_MOST_SEEN = 20_000
_NOTHING: _InString = ((), 0)


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
        self._found: dict[bytes, _InString] = {}
        self._by: tuple[object, object] = (None, None)
        # Large bodies are looked through in threads.
        self._turn = Lock()

    def of(self, strings: Sequence[str], redaction: Redaction, masker: Masker) -> "_Recalled":
        """Return what is remembered of some long strings; values that the masker knows are `known-secret`."""
        digests = [blake2b(text.encode(errors="surrogatepass"), digest_size=20).digest() for text in strings]
        with self._turn:
            if self._by != (redaction, masker):
                self._found, self._by = {}, (redaction, masker)
            # Whoever goes on with an older masker writes into what belongs to that.
            return _Recalled(digests, [self._found.get(digest) for digest in digests], self._found, self._turn)


class _Recalled:
    """What is known of some strings: what is in each, None where that must be looked for."""

    def __init__(
        self,
        digests: Sequence[bytes],
        found: list[_InString | None],
        into: dict[bytes, _InString],
        turn: Lock,
    ) -> None:
        self.found = found
        self._digests, self._into, self._turn = digests, into, turn

    def keep(self, looked: Mapping[int, _InString]) -> None:
        """Remember what was found in those that were looked through."""
        with self._turn:
            for place, found in looked.items():
                self._into[self._digests[place]] = found
            while len(self._into) > _MOST_SEEN:
                del self._into[next(iter(self._into))]


def redact_strings(strings: Sequence[str], redaction: Redaction, masker: Masker, seen: Seen | None = None) -> Redacted:
    """Return strings redacted; one value has one name in all of them. `seen` saves looking at long ones again."""
    looked = _looked(strings, redaction, masker) if seen is None else _seen(strings, redaction, masker, seen)
    found = _with_split(strings, looked)
    names, counts = Placeholders(_BETWEEN.join(strings)), Counter[str]()
    pieces = list(strings)
    for place, values in enumerate(found):
        if values:
            pieces[place] = _replaced(strings[place], values, names, counts)
    return Redacted(pieces, counts, names)


def _seen(strings: Sequence[str], redaction: Redaction, masker: Masker, seen: Seen) -> Sequence[_InString]:
    """Return what is in each string: in short ones beside each other, in long ones each by itself."""
    long = [place for place, length in enumerate(map(len, strings)) if length >= _LONG]
    recalled = seen.of([strings[place] for place in long], redaction, masker)
    new = [number for number, known in enumerate(recalled.found) if known is None]
    among = set(long)
    others = [place for place in range(len(strings)) if place not in among]
    looked = _looked([strings[place] for place in others], redaction, masker, [strings[long[number]] for number in new])
    found: list[_InString] = [_NOTHING] * len(strings)
    for place, known in zip(others, looked, strict=False):
        found[place] = known
    fresh = dict(zip(new, looked[len(others) :], strict=True))
    recalled.keep(fresh)
    for number, place in enumerate(long):
        found[place] = fresh.get(number) or recalled.found[number] or _NOTHING
    return found


def _looked(
    strings: Sequence[str], redaction: Redaction, masker: Masker, alone: Sequence[str] = ()
) -> Sequence[_InString]:
    """Look through strings beside each other, and through others each by itself."""
    every = [*strings, *alone]
    begun = begun_in(every) if redaction.profile != "personal" else [0] * len(every)
    return list(zip(_found_of_all(strings, redaction, masker, alone), begun, strict=True))


def _with_split(strings: Sequence[str], looked: Sequence[_InString]) -> Sequence[Sequence[Value]]:
    """Return what is in each string with the parts of credentials that stand in several."""
    found = [values for values, _ in looked]

    def is_known(number: int, place: int) -> bool:
        return any(start <= place < end for start, end, _ in found[number])

    parts = list(split_over(strings, [begun for _, begun in looked], is_known))
    if not parts:
        return found
    made = [list(values) for values in found]
    for start, end, number in parts:
        together = [*(Found(*value) for value in made[number]), Found(start, end, "secret")]
        made[number] = [(item.start, item.end, item.kind) for item in apart(together)]
    return made


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
    strings: Sequence[str], redaction: Redaction, masker: Masker, alone: Sequence[str] = ()
) -> list[list[Value]]:
    every = [*strings, *alone]
    together = _together(strings, alone)
    found = _found_in(together, strings, alone, redaction)
    if not masker.finds(together):
        return found
    return [with_known(values, masker.places(text)) for text, values in zip(every, found, strict=True)]


def found_in(strings: Sequence[str], redaction: Redaction) -> list[list[Value]]:
    """Return what is found in each of some strings, which are looked through in one pass, beside each other."""
    return _found_in(_BETWEEN.join(strings), strings, (), redaction)


def _together(strings: Sequence[str], alone: Sequence[str]) -> str:
    """Return strings as one text: those beside each other, then others so far apart that nothing is said of them."""
    return _FAR_APART.join([_BETWEEN.join(strings), *alone]) if alone else _BETWEEN.join(strings)


def _found_in(together: str, strings: Sequence[str], alone: Sequence[str], redaction: Redaction) -> list[list[Value]]:
    if _KEY in together:
        return [redaction.values(text) for text in (*strings, *alone)]
    found = redaction.values(together)
    every = [*strings, *alone]
    if not found:
        return [[] for _ in every]
    begins = list(accumulate(map(len(_BETWEEN).__add__, map(len, strings)), initial=0))
    if alone:
        first = (begins[-1] - len(_BETWEEN) if strings else 0) + len(_FAR_APART)
        begins = [*begins[:-1], *accumulate(map(len(_FAR_APART).__add__, map(len, alone)), initial=first)]
    return _apart(found, every, begins)


def is_lone_name(text: str, kind: str) -> bool:
    """Return whether what was found is all there is of a text: a single word is rather of code than a name."""
    return kind == "name" and " " not in text


def _apart(found: Sequence[Value], strings: Sequence[str], begins: Sequence[int]) -> list[list[Value]]:
    """Return what was found in all strings together by string: what reaches over two is a value in both."""
    parts: list[list[Value]] = [[] for _ in strings]
    for start, end, kind in found:
        index = max(0, bisect_right(begins, start) - 1)
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
