"""A credential whose parts stand in several strings, such as messages: the end of one, and the beginning of others.

Only an end that begins like a credential of a known form is followed, so that most strings are looked at once.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from bailiwick.core.redacting import FORMS, credentials_in
from bailiwick.core.redaction.secrets import formed
from bailiwick.core.redaction.secrets.formats import kinds
from bailiwick.core.redaction.sieve import beginning_of, compiled

# Where a part begins and ends, and in which string.
Part = tuple[int, int, int]
_LONGEST_END, _LONGEST = 200, 2000
# Between two messages stand names of fields, roles and ids.
_FARTHEST, _MOST_WAYS = 16, 8
_LEAST_PART = 4
_SIGNS = "A-Za-z0-9_+/=.~-"
_HEAD = re.compile(f"[{_SIGNS}]{{{_LEAST_PART},{_LONGEST}}}")
# Words of code, roles and ids are no parts of what was made at random.
_NO_PART = re.compile(r"[A-Za-z]?[a-z_.-]+|[A-Z_]+|(?:call|toolu|msg|resp|fc|tool|item|chatcmpl)[_-].*")
# Beginnings of those whose pattern is one of several.
_OTHERS = (
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "sk_live_",
    "rk_live_",
    "hf_",
    "xprv",
    "xoxb-",
    "xoxp-",
)
_SHORTEST_BEGINNING = 3


@cache
def _begun() -> Any:
    """Return what finds the beginning of a credential at the end of a line."""
    plain = (beginning_of(pattern).decode() for pattern in (*(kind.pattern for kind in kinds()), *FORMS))
    letters = {
        *_OTHERS,
        *(
            text
            for text in plain
            if (len(text) >= _SHORTEST_BEGINNING and not text.islower()) or "_" in text or "-" in text
        ),
    }
    written = "|".join(re.escape(text) for text in sorted(letters, key=lambda text: (-len(text), text)))
    return compiled(rf"(?m)\b((?:{written})[{_SIGNS}]*)$")


def begun_in(strings: Sequence[str]) -> list[int]:
    """Return of each string how many characters at its end begin a credential of a known form; mostly none."""
    ends = [text[-_LONGEST_END:] for text in strings]
    together = "\n".join(ends)
    found, begins = [0] * len(strings), None
    # One byte for each character, as patterns count bytes: what begins a credential are letters of ASCII.
    written = together.encode("ascii", errors="replace")
    for match in _begun().finditer(written):
        begins = begins or list(accumulate(map(len, ends), lambda place, size: place + size + 1, initial=0))
        number = bisect_right(begins, match.start(1)) - 1
        if match.end() == begins[number] + len(ends[number]):
            found[number] = match.end() - match.start(1)
    return found


def split_over(strings: Sequence[str], begun: Sequence[int], is_known: Callable[[int, int], bool]) -> Iterator[Part]:
    """Yield the parts of credentials that stand in several strings. `begun` is what `begun_in` says of each, and
    `is_known` says of a place in a string whether it is of a value anyway.
    """
    for number, characters in ((number, characters) for number, characters in enumerate(begun) if characters):
        place = len(strings[number]) - characters
        if not is_known(number, place):
            yield from _followed(strings, number, place)


def _followed(strings: Sequence[str], number: int, place: int) -> Iterator[Part]:
    """Yield the parts of what begins at a place at the end of a string, where it is a credential with what follows."""
    begun: Part = (place, len(strings[number]), number)
    ways: list[tuple[str, tuple[Part, ...]]] = [(strings[number][place:], (begun,))]
    for later in range(number + 1, min(number + 1 + _FARTHEST, len(strings))):
        head = _HEAD.match(strings[later])
        if head is None or _NO_PART.fullmatch(head[0]):
            continue
        whole = head.end() == len(strings[later])
        for written, parts in list(ways):
            together, longer = written + head[0], (*parts, (0, head.end(), later))
            end = _end_of_credential(together, len(written))
            if end:
                yield from (*parts, (0, end - len(written), later))
                return
            if whole and len(ways) < _MOST_WAYS and len(together) < _LONGEST:
                ways.append((together, longer))


def _end_of_credential(written: str, border: int) -> int:
    """Return where a credential ends that reaches over a border in a text, 0 where there is none."""
    data = written.encode()
    found = [(hit.place, hit.place + len(hit.secret)) for hit in formed(data)] + credentials_in(data)
    return max((end for start, end in found if start < border < end), default=0)
