"""Ranges of versions as people write them: PEP 440 specifiers for PyPI, ranges of npm's semver for npm.

A version that cannot be put in order is in every range: whoever asks wants to know what may be affected.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bailiwick.control.review.advisories.versions import Key, key
from bailiwick.core.errors import InvalidInputError

_LONGEST = 300
_NUMBER = r"(?:\d{1,18}|[xX*])"
_PARTIAL = rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?"
_HYPHEN = re.compile(rf"\s*({_PARTIAL})\s+-\s+({_PARTIAL})\s*")
_COMPARATOR = re.compile(rf"\s*(\^|~>?|>=|<=|>|<|=)?\s*({_PARTIAL})")
_PARTS = re.compile(r"v?([^.]+)(?:\.([^.]+))?(?:\.([^-+]+)(?:-([0-9A-Za-z.-]+))?)?(?:\+.*)?")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A range that was read: whether it holds a version."""

    ecosystem: str
    written: str
    holds: Callable[[str], bool]


def version_range(ecosystem: str, written: str) -> VersionRange:
    """Read a range of versions of an ecosystem; an empty one holds all. Raises `InvalidInputError` in words."""
    text = written.strip()
    if len(text) > _LONGEST:
        raise InvalidInputError(f"a range of versions of {len(text)} characters", hint="write several freezes instead")
    if not text or text == "*":
        return VersionRange(ecosystem, text, lambda _: True)
    return VersionRange(ecosystem, text, _pypi(text) if ecosystem == "PyPI" else _npm(text))


def _pypi(text: str) -> Callable[[str], bool]:
    try:
        specifiers = SpecifierSet(text)
    except InvalidSpecifier:
        raise InvalidInputError(
            f"'{text[:80]}' is no range of Python versions",
            hint="write it as pip reads it (PEP 440), for example '>=2.0,<2.32.4'; one version is '==2.0'",
        ) from None
    return lambda version: key("PyPI", version) is None or specifiers.contains(version, prereleases=True)


@dataclass(frozen=True, slots=True)
class _Span:
    """From `low` on and below `high`, each with itself where it says so; None has no end."""

    low: Key | None = None
    high: Key | None = None
    with_low: bool = True
    with_high: bool = False

    def holds(self, at: Key) -> bool:
        above = self.low is None or at > self.low or (self.with_low and at == self.low)
        return above and (self.high is None or at < self.high or (self.with_high and at == self.high))


_ALL, _NONE = _Span(), _Span(high=(0, 0, 0, (0, ())))


def _npm(text: str) -> Callable[[str], bool]:
    """Read a range as npm does (github.com/npm/node-semver, "Ranges") where pre-releases count as well."""
    alternatives = [_spans(part, text) for part in text.split("||")]

    def holds(version: str) -> bool:
        at = key("npm", version)
        return at is None or any(all(span.holds(at) for span in spans) for spans in alternatives)

    return holds


def _spans(part: str, whole: str) -> list[_Span]:
    hyphen = _HYPHEN.fullmatch(part)
    if hyphen is not None:
        low, high = _Partial.of(hyphen[1]), _Partial.of(hyphen[2])
        last = _Span(high=high.key, with_high=True) if high.before else _Span(high=high.next_floor)
        return [_Span(low=low.key if low.before else low.floor), last]
    found, place, rest = [], 0, part.rstrip()
    while place < len(rest):
        comparator = _COMPARATOR.match(rest, place)
        if comparator is None or not (comparator.end() == len(rest) or rest[comparator.end()] in " \t<>=~^"):
            raise InvalidInputError(
                f"'{whole[:80]}' is no range of npm versions",
                hint="write it as npm reads it, for example '>=4.0.0 <4.17.21' or '^4.1 || 5.x'",
            )
        found.append(_span(comparator[1] or "=", _Partial.of(comparator[2])))
        place = comparator.end()
    return found or [_ALL]


def _span(operator: str, version: "_Partial") -> _Span:
    """Return what one comparator holds; what a version leaves out stands for all that it could be."""
    if version.major is None:
        return _NONE if operator in {"<", ">"} else _ALL
    low, end = (version.key if version.whole else version.floor), version.next_floor
    whole = version.whole
    spans = {
        "=": _Span(low, low, with_high=True) if whole else _Span(low, end),
        "^": _Span(low, version.caret),
        "~": _Span(low, version.tilde),
        "~>": _Span(low, version.tilde),
        ">=": _Span(low),
        ">": _Span(low, with_low=False) if whole else _Span(end),
        "<": _Span(high=low),
        "<=": _Span(high=low, with_high=True) if whole else _Span(high=end),
    }
    return spans[operator]


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of which the ends may be left out: `1`, `1.2`, `1.2.x`, `1.2.3-beta`."""

    major: int | None
    minor: int | None
    patch: int | None
    before: str = ""

    @classmethod
    def of(cls, text: str) -> "_Partial":
        found = _PARTS.fullmatch(text)
        if found is None:
            raise InvalidInputError(f"'{text[:80]}' is no version of npm", hint="for example 4.17.20")
        numbers: list[int | None] = []
        for part in found.group(1, 2, 3):
            known = part is not None and part.isdigit() and None not in numbers
            numbers.append(int(part) if known else None)
        major, minor, patch = numbers
        return cls(major, minor, patch, found[4] or "")

    @property
    def whole(self) -> bool:
        return self.patch is not None

    @property
    def key(self) -> Key:
        plain = f"{self.major or 0}.{self.minor or 0}.{self.patch or 0}"
        return key("npm", f"{plain}-{self.before}" if self.before else plain)

    @property
    def floor(self) -> Key:
        """The very first of what it may stand for: before every pre-release."""
        return _floor(self.major or 0, self.minor or 0, self.patch or 0)

    @property
    def next_floor(self) -> Key:
        """The first that it does not stand for."""
        if self.minor is None:
            return _floor((self.major or 0) + 1, 0, 0)
        if self.patch is None:
            return _floor(self.major or 0, self.minor + 1, 0)
        return _floor(self.major or 0, self.minor, self.patch + 1)

    @property
    def tilde(self) -> Key:
        """The end of what `~` allows: the next minor version, or the next major one where none is named."""
        return self.next_floor if self.minor is None else _floor(self.major or 0, self.minor + 1, 0)

    @property
    def caret(self) -> Key:
        """The end of what `^` allows: the next version that changes the first number that is not zero."""
        if self.major or self.minor is None:
            return _floor((self.major or 0) + 1, 0, 0)
        if self.minor or self.patch is None:
            return _floor(0, self.minor + 1, 0)
        return _floor(0, 0, self.patch + 1)


def _floor(major: int, minor: int, patch: int) -> Key:
    return major, minor, patch, (0, ())
