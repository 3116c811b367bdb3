"""Whether a value that is called a password or a key is one, or a placeholder, a label, a name, a reference, a hash.

Judged by the name that it is given and by what it looks like; the words for that are in the pack.
"""

import itertools
import math
import re
import secrets
from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from bailiwick.core.redaction.secrets.pack import words
from bailiwick.core.severity import Severity

# Pairs of letters that make up most of English text; what is made at random has one in three of them.
_PAIRS = frozenset(
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic"
    " ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un"
    " lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev"
    " ld ry mp fe bl ab gh ty op wo sa ay ex ke ui fr oo ag av ey ru cr sp od up if cu ck ob da ki gr br sw sk my pp"
    " ap go ga gi dr cl fl sl pi ba bi bo bu do du fa fu pu qu au aw ew eb ef ep ip ub um ud ug ks ds ys ms ws nk nf"
    " rd rk rm rn rv rg rc rl lt lf lv lk tt ff gg mm nn rr dd bb cc xt xp xa yp ym ye ok oy oc og pt ft wn wl hr hu"
    " ja jo ju je va vo yo".split()
)
_WORDY = 0.6
_SHORTEST_WORD = 4
_STEPS_OF_DIGITS = frozenset({1, -9, -8})  # 7890123, and 7891234 without the zero
_LONG_ENOUGH = 100  # to have many different signs, where a value is not one that waits for another
_SHORTEST, _LONGEST = 4, 400
_SHORTEST_PASSWORD = 6
_SHORTEST_SIGNING = 8
_SHORTEST_RANDOM = 10
_SHORTEST_LETTERS = 14
_SHORTEST_UNNAMED = 20  # of what is under a name that says little, such as `key`
_LEAST_ENTROPY = 2.8
_LEAST_ENTROPY_HEXADECIMAL = 2.7
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{16,}")
_HASH_LENGTHS = frozenset({32, 40, 56, 64, 96, 128})
_WORDS_OF_NAME = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")
_WORDS_OF_VALUE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z_.:/\s-]+")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_CLIENT_TOKEN = re.compile(r"(?i)client[-_]?token$")  # what makes a call to a cloud unique is called so
# Signs that names, addresses and sentences do not have in them.
_ODD_SIGN = re.compile(r"[^A-Za-z0-9_.:/,\s()\[\]{}<>|\\-]")


def entropy(text: bytes | str) -> float:
    """Return Shannon's entropy in bits a character."""
    counts = Counter(text.decode("latin-1") if isinstance(text, bytes) else text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def is_mixed(text: bytes | str) -> bool:
    """Return whether there are letters and digits in it."""
    written = text if isinstance(text, str) else text.decode("latin-1")
    return bool(re.search(r"\d", written) and re.search(r"[A-Za-z]", written))


def is_placeholder(value: str) -> bool:
    """Return whether a value stands where another one is to be put, and is not random besides."""
    if "example" in value.lower() or value.endswith(("...", "…")):
        return True
    found = words("placeholders").search(value)
    if not found:
        return len(set(value)) <= max(2, min(len(value), _LONG_ENOUGH) // 8) or _is_sequence(value)
    return not looks_random(value.replace(found[0], ""))


def looks_random(value: str) -> bool:
    """Return whether a value can hardly have been made by a person: what is left without words is long and mixed."""
    if _HEXADECIMAL.fullmatch(value):
        return is_mixed(value) and entropy(value) > _LEAST_ENTROPY_HEXADECIMAL
    left = _without_words(value)
    if len(left) < _SHORTEST_RANDOM or entropy(left) < _LEAST_ENTROPY:
        return False
    return is_mixed(left) or (len(left) >= _SHORTEST_LETTERS and not is_wordy(left) and left.isascii())


def is_wordy(letters: str) -> bool:
    """Return whether letters read like words."""
    pairs = ["".join(pair) for pair in itertools.pairwise(letters.lower())]
    return not pairs or sum(pair in _PAIRS for pair in pairs) / len(pairs) >= _WORDY


_JUDGED: dict[bytes, Severity | None] = {}
_MOST_JUDGED = 20_000
_KEY = secrets.token_bytes(32)


def judged(name: str, value: str) -> Severity | None:
    """Return how bad it is that a value stands under a name: HIGH for what looks random, MEDIUM for a weak password.

    None where it is no credential. The same stand in text after text: what they were judged is remembered, by digests
    with a key of this process and never by themselves.
    """
    written = f"{len(name)}:{name}{value}".encode(errors="surrogatepass")
    digest = blake2b(written, digest_size=16, key=_KEY).digest()
    if digest in _JUDGED:
        return _JUDGED[digest]
    if len(_JUDGED) >= _MOST_JUDGED:
        _JUDGED.clear()
    found = _JUDGED[digest] = _judged(name, value)
    return found


def _judged(name: str, value: str) -> Severity | None:
    said = _said_by(name)
    if not said.anything or not _may_be_secret(name, value):
        return None
    if said.password:
        return _judged_password(value)
    if _UUID.fullmatch(value):
        return Severity.HIGH if said.secret and not _CLIENT_TOKEN.search(name) else None
    if looks_random(value):
        unclear = len(value) < _SHORTEST_UNNAMED or len(value) in _HASH_LENGTHS or "/" in value
        return None if unclear and not said.secret else Severity.HIGH
    signs = said.signing and len(value) >= _SHORTEST_SIGNING
    return Severity.MEDIUM if signs and is_mixed(value) and not _is_name(value) else None


class _Said(NamedTuple):
    """What a name says of its value: whether it is one that counts at all, and what for."""

    anything: bool
    password: bool
    secret: bool
    signing: bool


@lru_cache(maxsize=4096)
def _said_by(name: str) -> _Said:
    # Names are few, and the same ones stand in text after text.
    parts = _WORDS_OF_NAME.findall(name)
    anything = bool(parts) and not words("about").fullmatch(parts[-1]) and not words("about_anywhere").search(name)
    kinds = ("passwords", "secrets", "signing")
    return _Said(anything, *(words(kind).search(name) is not None for kind in kinds))


def _may_be_secret(name: str, value: str) -> bool:
    if not _SHORTEST <= len(value) <= _LONGEST or not value.isprintable() or " " in value:
        return False
    if value.isdigit() and len(set(value)) > 1:
        return True
    if words("references").search(value) or words("names").fullmatch(value) or is_placeholder(value):
        return False
    constant = _CONSTANT.fullmatch(value) and not looks_random(value)
    return not constant and value.lower() not in name.lower()


def _judged_password(value: str) -> Severity | None:
    if looks_random(value):
        return Severity.HIGH
    if words("common").fullmatch(value):
        return Severity.MEDIUM
    if len(value) < _SHORTEST_PASSWORD or _is_name(value):
        return None
    if value.isdigit() or is_mixed(value):
        return Severity.MEDIUM
    letters = re.sub(r"[^A-Za-z]", "", value)
    odd = _ODD_SIGN.search(value.strip("!?*:;.,")) or (len(letters) >= _SHORTEST_SIGNING and not is_wordy(letters))
    return Severity.MEDIUM if letters and odd else None


def _without_words(value: str) -> str:
    for word in re.findall(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}", value):
        if is_wordy(word):
            value = value.replace(word, "", 1)
    return re.sub(r"[\s_.:/,-]", "", value)


def _is_sequence(value: str) -> bool:
    if len(value) < _SHORTEST_SIGNING:
        return False
    steps: set[int] = set()
    for before, after in itertools.pairwise(value):
        steps.add(ord(after) - ord(before))
        if len(steps) > 1 and not steps <= _STEPS_OF_DIGITS:
            return False
    return True


def _is_name(value: str) -> bool:
    """Return whether a value is an identifier, a dotted name or a label: words without digits."""
    parts = _WORDS_OF_VALUE.findall(value.strip(" :*?!.,()[]{}#"))
    return bool(parts) and all(part.isalpha() and (len(part) < _SHORTEST_WORD or is_wordy(part)) for part in parts)
