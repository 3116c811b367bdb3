"""Rules about what a call says: an argument of a tool, a part of a path, a parameter, a header, a field of a body.

A rule makes one comparison. What it is about must be given: left out, it would be whatever the other side takes
instead.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self
from urllib.parse import unquote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bailiwick.core.cells import CellRange
from bailiwick.core.literals import Literals, Value

FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_$@-]{1,80}(\.[A-Za-z0-9_$@-]{1,80}){0,9}$")]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.$\[\]-]{1,80}$")]
# A trailing asterisk stands for any rest.
HeaderName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}\*?$")]
_PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_CHOSEN = re.compile(r"\$\([a-z]+\)")
_SUBJECTS = ("part", "query", "header", "body")
_ODD = frozenset({"", ".", ".."})


def _cells(text: str) -> str:
    # In a connector it is a value that whoever registers it says; until then nothing lies in it.
    if CellRange.read(text) is None and not _CHOSEN.fullmatch(text):
        raise ValueError("a range has a sheet and columns: Orders!A:D")
    return text


class Comparison(BaseModel):
    """What a value must be: one comparison. `equals_attribute` is the person's own; at least and at most are about
    numbers; `within` is a folder that a path lies below; `cells` a range of a spreadsheet that another lies in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    equals: Value | None = None
    equals_attribute: str | None = Field(default=None, min_length=1, max_length=100)
    one_of: Literals | None = None
    at_least: Value | None = None
    at_most: Value | None = None
    begins_with: Value | None = None
    within: Annotated[str, Field(pattern=r"^[^/\x00-\x1f]+(/[^/\x00-\x1f]+)*$", max_length=1000)] | None = None
    cells: Annotated[str, Field(max_length=200), AfterValidator(_cells)] | None = None

    @property
    def subject(self) -> str:
        """What it is about."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _one(self) -> Self:
        names = tuple(Comparison.model_fields)
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"a rule about {self.subject} makes one comparison, of: {', '.join(names)}")
        bound = self.at_least if self.at_least is not None else self.at_most
        if bound is not None and not _NUMBER.fullmatch(bound):
            raise ValueError(f"{self.subject} is compared with a number")
        return self

    @property
    def words(self) -> str:
        """The rule as a sentence: `only where limit is at most '20'`."""
        return f"only where {self.subject} {self._compared}"

    @property
    def _compared(self) -> str:
        if self.equals_attribute is not None:
            return f"is the person's own {self.equals_attribute}"
        if self.one_of is not None:
            return f"is one of {', '.join(map(repr, self.one_of))}"
        words = {"is": self.equals, "is at least": self.at_least, "is at most": self.at_most,
                 "begins with": self.begins_with, "lies below": self.within, "lies in": self.cells}  # fmt: skip
        return next(f"{word} {value!r}" for word, value in words.items() if value is not None)


class ArgumentRule(Comparison):
    """What an argument of a tool must be: names by dots into objects. Each item of a list meets it."""

    argument: FieldPath

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.argument


class RequestRule(Comparison):
    """What one thing of a call over HTTP must be: a part of its path by its name in braces, a parameter, a header, or
    a field of its JSON.
    """

    part: _PartName | None = None
    query: ParameterName | None = None
    header: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")] | None = None
    body: FieldPath | None = None

    @property
    def subject(self) -> str:
        """What it is about."""
        return next((str(found) for name in _SUBJECTS if (found := getattr(self, name)) is not None), "nothing")

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in _SUBJECTS) != 1:
            raise ValueError(f"a rule is about one of: {', '.join(_SUBJECTS)}")
        return self


def meets(rule: Comparison, value: Any, attributes: Mapping[str, str]) -> bool:
    """Return whether a value is what a rule says; `attributes` are those of the person, none where there is none."""
    if not isinstance(value, str | int | float):
        return False
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if rule.equals_attribute is not None:
        return bool(text) and text == attributes.get(rule.equals_attribute)
    if rule.at_least is not None or rule.at_most is not None:
        return not isinstance(value, bool) and _is_within_bounds(rule, text)
    return _is_of_text(rule, text)


def _is_of_text(rule: Comparison, text: str) -> bool:
    if rule.cells is not None:
        asked, known = CellRange.read(text), CellRange.read(rule.cells)
        return asked is not None and known is not None and known.holds(asked)
    if rule.within is not None:
        return _is_below(rule.within, text)
    if rule.begins_with is not None:
        # Whoever takes it may read `..` as the way back up.
        return text.startswith(rule.begins_with) and ".." not in re.split(r"[/\\]", unquote(text))
    return text in (rule.one_of if rule.one_of is not None else (rule.equals,))


def value_at(document: Any, path: str) -> list[Any]:
    """Return the values at a path by dots, each item of a list there; none where nothing is."""
    value = document
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return []
        value = value[name]
    return value if isinstance(value, list) else [value]


def _is_within_bounds(rule: Comparison, text: str) -> bool:
    """Return whether a number is within bounds; parameters of calls are texts."""
    if not _NUMBER.fullmatch(text):
        return False
    number = Decimal(text)
    return number >= Decimal(rule.at_least) if rule.at_least is not None else number <= Decimal(rule.at_most or "0")


def _is_below(folder: str, text: str) -> bool:
    """Return whether a path, in percent-encoding, lies below a folder; one that can be read in two ways does not."""
    plain = unquote(text).removeprefix("/")
    parts, named = plain.split("/"), folder.split("/")
    odd = not _ODD.isdisjoint(parts) or "\\" in plain or "?" in plain or "%" in plain or not plain.isprintable()
    return not odd and len(parts) > len(named) and parts[: len(named)] == named
