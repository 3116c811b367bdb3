"""What the data flow goes by, read from its pack: sources, frameworks, cleaners and sinks by their names."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from bailiwick.control.review.engines.python.labels import Label, Labels

T = TypeVar("T")
_BRACES = re.compile(r"\{([^{}]*)\}")
EVERYTHING = "*"


@dataclass(frozen=True)
class Source:
    """Where values come in: `kind` of source, and the kinds of sink that they cannot harm from the start."""

    kind: str
    clean: frozenset[str]


@dataclass(frozen=True)
class Framework:
    """How a framework calls an app, and what becomes of what the app returns."""

    name: str
    parameters: str
    answers: str
    request: str
    methods: frozenset[str]


@dataclass(frozen=True)
class Sink:
    """Where values do harm."""

    rule: str
    kind: str
    words: str
    positions: tuple[int, ...]
    every: bool
    keywords: frozenset[str]
    direct: frozenset[str]
    built: frozenset[str]
    deep: bool
    special: str
    receiver: re.Pattern[str] | None
    on: re.Pattern[str] | None
    not_on: re.Pattern[str] | None


class Table(Generic[T]):
    """Things by paths: exact ones, and those that end in `*` for all that begins so."""

    def __init__(self) -> None:
        self._exact: dict[str, list[T]] = {}
        self._begins: list[tuple[re.Pattern[str], T]] = []
        self._seen: dict[str, tuple[T, ...]] = {}

    def add(self, names: Iterable[str], thing: T) -> None:
        """Add a thing under several patterns of names."""
        for name in (name for written in names for name in expanded(written)):
            if "*" in name:
                pattern = re.escape(name.removesuffix("*")).replace(r"\*", ".*")
                self._begins.append((re.compile(pattern if name.endswith("*") else pattern + r"\Z"), thing))
            else:
                self._exact.setdefault(name, []).append(thing)

    def find(self, path: str) -> tuple[T, ...]:
        """Return the things of a path, those of its exact name first."""
        found = self._seen.get(path)
        if found is None:
            found = (*self._exact.get(path, ()), *(thing for begin, thing in self._begins if begin.match(path)))
            if len(self._seen) < 50_000:  # noqa: PLR2004 - the names are the app's, so that there may be any number
                self._seen[path] = found
        return found


@dataclass(frozen=True)
class Knowledge:
    """All that the pack says, ready to be asked."""

    signs: Mapping[str, frozenset[str]]
    removed: Mapping[str, frozenset[str]]
    sources: Table[Source] = field(default_factory=Table)
    cleaners: Table[frozenset[str]] = field(default_factory=Table)
    opaque: Table[bool] = field(default_factory=Table)
    keepers: Table[bool] = field(default_factory=Table)
    passing: Table[bool] = field(default_factory=Table)
    objects: Table[bool] = field(default_factory=Table)
    guards: Table[frozenset[str]] = field(default_factory=Table)
    aliases: Table[str] = field(default_factory=Table)
    calls: Table[Sink] = field(default_factory=Table)
    methods: dict[str, list[Sink]] = field(default_factory=dict)
    decorators: Table[Framework] = field(default_factory=Table)
    register: Table[Framework] = field(default_factory=Table)
    classes: Table[Framework] = field(default_factory=Table)
    by_method: dict[str, Framework] = field(default_factory=dict)
    request_types: dict[str, str] = field(default_factory=dict)

    def sinks(self, path: str, method: str, receiver: str) -> Iterator[Sink]:
        """Yield the sinks of a call by its path, and by its method's name and the path of what has the method."""
        yield from self.calls.find(path)
        for sink in self.methods.get(method, ()):
            if sink.on is not None and not sink.on.match(receiver):
                continue
            if sink.not_on is None or not sink.not_on.match(receiver):
                yield sink

    def harmless_for(self, signs: Iterable[str]) -> frozenset[str]:
        """Return the kinds of sink that a text cannot harm which may hold only these signs."""
        held = frozenset(signs)
        return frozenset(kind for kind, bad in self.signs.items() if not bad & held)

    def without(self, labels: Labels, signs: Iterable[str]) -> Labels:
        """Return the labels of a text of which signs were taken out, or that was found to have none of them."""
        marks = frozenset(f"-{sign}" for sign in signs)
        return frozenset(self._without(label, marks) for label in labels)

    def _without(self, label: Label, marks: frozenset[str]) -> Label:
        clean = label.clean | marks
        kinds = {kind for kind, needed in self.removed.items() if needed <= clean}
        kinds |= {kind for kind, bad in self.signs.items() if {f"-{sign}" for sign in bad} <= clean}
        return replace(label, clean=clean | kinds)


def expanded(name: str) -> Iterator[str]:
    """Yield the names that `{a,b}` in a name stands for."""
    found = _BRACES.search(name)
    if found is None:
        yield name
        return
    for choice in found.group(1).split(","):
        yield from expanded(f"{name[: found.start()]}{choice.strip()}{name[found.end() :]}")


@cache
def knowledge() -> Knowledge:
    """Return what the pack `python-flow` says."""
    return read((files("bailiwick.control.review") / "packs" / "python-flow.toml").read_text())


def read(text: str) -> Knowledge:
    """Read a pack; raise `KeyError` or `ValueError` when it does not say what it must."""
    document = tomllib.loads(text)
    known = Knowledge(
        {kind: frozenset(signs) for kind, signs in document["signs"].items()},
        {kind: frozenset(f"-{sign}" for sign in signs) for kind, signs in document["removed"].items()},
    )
    for written in document["source"]:
        known.sources.add(written["names"], Source(written["kind"], frozenset(written.get("clean", ()))))
    for written in document["cleaner"]:
        known.cleaners.add(written["names"], frozenset(written["for"]))
    for written in document["opaque"]:
        known.opaque.add(written["names"], True)
    for written in document["keeper"]:
        known.keepers.add(written["names"], True)
    for written in document["passing"]:
        known.passing.add(written["names"], True)
    for written in document["object"]:
        known.objects.add(written["names"], True)
    for written in document["guard"]:
        known.guards.add(written["names"], frozenset(written["for"]))
    for written in document["alias"]:
        known.aliases.add(written["names"], written["is"])
    for written in document["framework"]:
        _add_framework(known, written)
    for written in document["request_parameter"]:
        known.request_types[written["imports"]] = written["type"]
    for written in document["sink"]:
        sink = _sink(written)
        known.calls.add(written.get("calls", ()), sink)
        for method in written.get("methods", ()):
            known.methods.setdefault(method, []).append(sink)
    return known


def _add_framework(known: Knowledge, written: Mapping[str, Any]) -> None:
    methods = frozenset(written.get("methods", ()))
    framework = Framework(
        written["name"], written["parameters"], written["answers"], written.get("request", ""), methods
    )
    known.decorators.add(written.get("decorators", ()), framework)
    known.register.add(written.get("register", ()), framework)
    known.classes.add(written.get("classes", ()), framework)
    if methods and "classes" not in written:
        known.by_method.update(dict.fromkeys(methods, framework))


def _sink(written: Mapping[str, Any]) -> Sink:
    arguments = written["arguments"]
    return Sink(
        rule=written["rule"],
        kind=written["kind"],
        words=written["as"],
        positions=tuple(position for position in arguments if isinstance(position, int)),
        every="all" in arguments,
        keywords=frozenset(written.get("keywords", ())),
        direct=frozenset(written["direct"]),
        built=frozenset(written["built"]),
        deep=written.get("deep", False),
        special=written.get("special", ""),
        receiver=_beginnings(written.get("and_receiver", ())),
        on=_beginnings(written.get("on", ())),
        not_on=_beginnings(written.get("not_on", ())),
    )


def _beginnings(names: Sequence[str]) -> re.Pattern[str] | None:
    begins = [re.escape(name.removesuffix("*")).replace(r"\*", ".*") for written in names for name in expanded(written)]
    return re.compile("|".join(begins)) if begins else None
