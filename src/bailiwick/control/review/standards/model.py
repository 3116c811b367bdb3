"""A standard and its rules, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bailiwick.control.review.model import Severity


class Kind(StrEnum):
    """What a rule looks at."""

    IMPORT = "import"
    LAYERS = "layers"
    SIZE = "size"
    NAMING = "naming"
    PATTERN = "pattern"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Example:
    """A test of a rule: files, and whether they break it."""

    bad: bool
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StandardRule:
    """One rule. Which fields count depends on its kind; `paths` and `exclude` are globs."""

    id: str
    kind: Kind
    message: str
    fix: str
    severity: Severity
    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    examples: tuple[Example, ...]
    forbid: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    most_lines: int = 0
    most_function_lines: int = 0
    most_files: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    pattern: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standard:
    """Rules under a name. Until and with `warn_until` they only warn."""

    name: str
    title: str
    rules: tuple[StandardRule, ...]
    warn_until: date | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the text of a standard: in which rule, if it is one's."""

    rule: str
    message: str
