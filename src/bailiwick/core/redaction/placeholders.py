"""What stands in the place of values, such as `[EMAIL_1]`, and the way back."""

import re
from collections import Counter
from collections.abc import Callable

_FORM = re.compile(r"\[[A-Z][A-Z_]{0,30}_[1-9][0-9]{0,8}\]")
_BEGUN = re.compile(r"\[(?:[A-Z][A-Z_]{0,31}(?:[1-9][0-9]{0,8})?)?\Z")


class Placeholders:
    """Names values by their kind, in the order in which they come: the same value has the same name in all of it.

    A text that has such names already keeps them: none of them is given to a value, so none of them becomes one.
    """

    def __init__(self, text: str = "") -> None:
        """Take the text that values are named in."""
        self._text = text
        self._taken: frozenset[str] | None = None
        self._names: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Placeholders({len(self._names)} values)"

    def __bool__(self) -> bool:
        return bool(self._names)

    def of(self, kind: str, value: str) -> str:
        """Return what stands for a value."""
        key = (kind, value)
        if key not in self._names:
            self._names[key] = name = self._next(kind)
            self._values[name] = value
        return self._names[key]

    def stand_for(self, value: str) -> bool:
        """Return whether something stands for a value."""
        return value in self._values.values()

    def restore(self, text: str, write: Callable[[str], str] = str) -> str:
        """Return a text with the values back in their places, each as `write` writes it there."""

        def value(match: re.Match[str]) -> str:
            found = self._values.get(match[0])
            return match[0] if found is None else write(found)

        return _FORM.sub(value, text) if "[" in text else text

    def kinds_in(self, text: str) -> list[str]:
        """Return the kind of each value that stands in a text by its name."""
        return [_kind(found) for found in _FORM.findall(text) if found in self._values] if "[" in text else []

    @staticmethod
    def begun(text: str) -> int:
        """Return where a name begins that a text may break off in, the length of the text where there is none."""
        found = _BEGUN.search(text, max(0, len(text) - 64))
        return len(text) if found is None else found.start()

    def _next(self, kind: str) -> str:
        written = kind.upper().replace("-", "_")
        if self._taken is None:
            # Most texts have no value to name.
            self._taken, self._text = frozenset(_FORM.findall(self._text)), ""
        while True:
            self._count[kind] += 1
            name = f"[{written}_{self._count[kind]}]"
            if name not in self._taken:
                return name


def _kind(name: str) -> str:
    return name[1:].rpartition("_")[0].lower().replace("_", "-")
