"""Names that only look like those of popular packages: a letter off, parts swapped, one sign for another."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bailiwick.control.review.engines.packages.model import NPM, PYPI

_LISTS = {PYPI: "popular_pypi.txt", NPM: "popular_npm.txt"}
# How far down the lists of popular names a name is worth imitating, by how much a look-alike differs.
_ONE_OFF = {PYPI: 4000, NPM: 6000}
_TWO_OFF = {PYPI: 1500, NPM: 2000}
_WITH_AFFIX = {PYPI: 200, NPM: 700}
_MOST_IMITATED = 500
_LONGEST = 60
_SHORT_PART = 3
_SHORTEST_ONE_OFF, _SHORTEST_TWO_OFF = 5, 10
_AFFIX = "(?:python|py|node|js|npm|lib)"
_AFFIXES = re.compile(rf"^{_AFFIX}[-_.]?(?=.{{4}})|(?<=.{{4}})[-_.]?{_AFFIX}$")
# Digits, then Cyrillic and Armenian letters, and a Latin one of the phonetic alphabet.
_SAME_LOOK = str.maketrans(
    "01i|53\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0455\u0456\u0578\u0261", "olllseaeopcxyslng"
)


@dataclass(frozen=True)
class _Popular:
    """The popular names of an index, and the forms by which look-alikes are found."""

    ecosystem: str
    ranks: Mapping[str, int]
    forms: Mapping[str, str]
    cut: Mapping[str, tuple[str, ...]]


def known(ecosystem: str, name: str) -> bool:
    """Return whether a name is that of a popular package."""
    return name.lower() in _popular(ecosystem).ranks


def look_alike(ecosystem: str, name: str) -> str:
    """Return the popular name that a name may be taken for; empty when there is none, or the name is popular itself."""
    popular = _popular(ecosystem)
    name = name.lower()
    if name in popular.ranks:
        return ""
    return (
        next((popular.forms[form] for form in _forms(name) if popular.forms.get(form)), "")
        or _near(popular, name)
        or _with_affix(popular, name)
    )


@cache
def _popular(ecosystem: str) -> _Popular:
    text = (files("bailiwick.control.review") / "data" / _LISTS[ecosystem]).read_text()
    ranks = {name: rank for rank, name in enumerate(text.split())}
    forms: dict[str, str] = {}
    cut: dict[str, tuple[str, ...]] = {}
    for name in list(ranks)[: _ONE_OFF[ecosystem]]:
        for form in _forms(name):
            forms.setdefault(form, name)
        if len(name) >= _SHORTEST_ONE_OFF - 1:
            twice = ranks[name] < _MOST_IMITATED and len(name) >= _SHORTEST_TWO_OFF
            for shorter in _shortened_twice(name) if twice else _shortened(name):
                cut[shorter] = (*cut.get(shorter, ()), name)
    return _Popular(ecosystem, ranks, forms, cut)


def _forms(name: str) -> Iterator[str]:
    """Yield what stays the same when separators go, parts change places, or signs are taken for others."""
    bare = re.sub(r"[-_.@/]", "", name)
    if len(bare) >= _SHORTEST_ONE_OFF:
        yield bare
        parts = sorted(part for part in re.split(r"[-_.@/]", name) if part)
        if len(parts) > 1:
            yield " ".join(parts)
        yield "~" + bare.translate(_SAME_LOOK).replace("rn", "m").replace("vv", "w")


def _shortened(name: str) -> set[str]:
    return {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}


def _shortened_twice(name: str) -> set[str]:
    return {twice for once in _shortened(name) for twice in _shortened(once)}


def _near(popular: _Popular, name: str) -> str:
    """Return the most popular name that is one slip of the finger away; two, where both are long."""
    if not _SHORTEST_ONE_OFF <= len(name) <= _LONGEST:
        return ""
    shortened = _shortened(name)
    if len(name) >= _SHORTEST_TWO_OFF:
        shortened = _shortened_twice(name)
    candidates = {found for shorter in shortened for found in popular.cut.get(shorter, ())}
    for found in sorted(candidates, key=lambda item: popular.ranks[item]):
        worth_two = len(found) >= _SHORTEST_TWO_OFF and popular.ranks[found] < _TWO_OFF[popular.ecosystem]
        allowed = 1 + (worth_two and found[0] == name[0])
        if distance(name, found) <= allowed and not _of_one_family(name, found):
            return found
    return ""


def _with_affix(popular: _Popular, name: str) -> str:
    bare = _AFFIXES.sub("", name)
    last = _WITH_AFFIX[popular.ecosystem]
    return bare if bare != name and popular.ranks.get(bare, last) < last else ""


def _of_one_family(one: str, other: str) -> bool:
    """Return whether names differ only in a number that both have (`nccl-cu12`, `nccl-cu13`) or in one short part
    (`tensorflow-cpu`, `tensorflow-gpu`), as members of one family do.
    """
    without = [re.sub(r"\d+", "0", name) for name in (one, other)]
    parts = [re.split(r"[-_.@/]", name) for name in (one, other)]
    differing = [pair for pair in zip(*parts, strict=False) if pair[0] != pair[1]]
    short = len(differing) == 1 and max(map(len, differing[0])) <= _SHORT_PART
    return without[0] == without[1] or (short and len(parts[0]) == len(parts[1]) > 1)


def distance(one: str, other: str) -> int:
    """Return how many slips lie between two words: a letter too many, too few, wrong, or two swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        before, last, row = row, before, [place]
        for index, found in enumerate(other, start=1):
            cost = min(before[index] + 1, row[index - 1] + 1, before[index - 1] + (letter != found))
            if place > 1 and index > 1 and letter == other[index - 2] and one[place - 2] == found:
                cost = min(cost, last[index - 2] + 1)
            row.append(cost)
    return row[-1]
