"""What is known of libraries, read from the pack: where values come in, do harm, and are made safe."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cache
from importlib.resources import files
from typing import Any

_MARKED = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a name of a library brings in: by whom it may be written, and of which type it is."""

    kind: str
    type: str = ""
    key: str = ""
    safe: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sink:
    """Where a value does harm: calls by name, or methods of receivers that look like it, and which arguments.

    `into` is the argument that is written into: when it is an object that is new there, nothing of the app is.
    """

    rule: str
    words: str
    calls: tuple[str, ...] = ()
    methods: frozenset[str] = frozenset()
    receivers: str = ""
    arguments: tuple[int, ...] = (0,)
    fields: tuple[str, ...] = ()
    option: str = ""
    unless: str = ""
    deep: bool = False
    text_only: bool = False
    whole: bool = False
    into: int = -1
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Check:
    """A call that is a fault by its constant arguments: all of `when` hold; less bad in functions of `softer`."""

    rule: str
    words: str
    calls: tuple[str, ...]
    when: tuple[dict[str, Any], ...] = ()
    softer: str = ""


@dataclass(frozen=True, slots=True)
class Cleaner:
    """What makes a value safe from some rules."""

    safe: frozenset[str]
    type: str = "string"


class Table:
    """Entries by patterns of dotted names; `*` in a pattern stands for anything."""

    def __init__(self) -> None:
        self.roots: set[str] = set()
        self._exact: dict[str, list[Any]] = {}
        self._patterns: list[tuple[re.Pattern[str], Any]] = []
        self._asked: dict[str, tuple[Any, ...]] = {}

    def add(self, patterns: Iterable[str], entry: Any) -> None:
        """Add an entry under some patterns."""
        for pattern in patterns:
            self.roots.add(re.split(r"[.*()]", pattern, maxsplit=1)[0])
            if _MARKED.search(pattern):
                self._patterns.append((re.compile(translate(pattern.replace("[", "[[]"))), entry))
            else:
                self._exact.setdefault(pattern, []).append(entry)

    def find(self, name: str) -> tuple[Any, ...]:
        """Return the entries that a name has."""
        found = self._asked.get(name)
        if found is None:
            matching = [entry for pattern, entry in self._patterns if pattern.match(name)] if len(name) < 200 else []  # noqa: PLR2004
            found = self._asked[name] = (*self._exact.get(name, ()), *matching)
        return found

    def first(self, name: str) -> Any:
        """Return the first entry that a name has, or None."""
        found = self.find(name)
        return found[0] if found else None


@dataclass(frozen=True)
class Models:
    """The tables of the pack."""

    origins: Table = field(default_factory=Table)
    returns: Table = field(default_factory=Table)
    sinks: Table = field(default_factory=Table)
    methods: dict[str, list[tuple[re.Pattern[str], Sink]]] = field(default_factory=dict)
    cleaners: Table = field(default_factory=Table)
    passing: Table = field(default_factory=Table)
    checks: Table = field(default_factory=Table)
    same: Table = field(default_factory=Table)
    assigned: dict[str, Sink] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)


@cache
def models() -> Models:
    """Return what the pack says."""
    pack = files("bailiwick.control.review") / "packs" / "javascript.toml"
    document = tomllib.loads(pack.read_text())
    made = Models()
    for written in document["source"]:
        safe = frozenset(written.get("safe", ()))
        origin = Origin(written["kind"], written.get("type", ""), written.get("key", ""), safe)
        made.origins.add(written.get("names", ()), origin)
        made.returns.add(written.get("calls", ()), origin)
    for written in document["sink"]:
        _add_sink(made, written)
    for written in document["cleaner"]:
        made.cleaners.add(written["calls"], Cleaner(frozenset(written["safe"]), written.get("type", "string")))
    for written in document["passing"]:
        made.passing.add(written["calls"], written.get("type", ""))
    for written in document["same"]:
        made.same.add(written["names"], written["as"])
    for written in document["check"]:
        when, softer = tuple(written.get("when", ())), written.get("softer", "")
        check = Check(written["rule"], written["words"], tuple(written["calls"]), when, softer)
        made.checks.add(check.calls, check)
    for table in (made.origins, made.returns, made.sinks, made.cleaners, made.passing, made.checks, made.same):
        made.roots.update(table.roots)
    return made


def _add_sink(made: Models, written: dict[str, Any]) -> None:
    sink = Sink(
        rule=written["rule"],
        words=written["words"],
        calls=tuple(written.get("calls", ())),
        methods=frozenset(written.get("methods", ())),
        receivers=written.get("receivers", ""),
        arguments=tuple(written.get("arguments", (0,))),
        fields=tuple(written.get("fields", ())),
        option=written.get("option", ""),
        unless=written.get("unless", ""),
        deep=written.get("deep", False),
        text_only=written.get("text_only", False),
        whole=written.get("whole", False),
        into=written.get("into", -1),
        kinds=frozenset(written.get("kinds", ())),
    )
    made.sinks.add(sink.calls, sink)
    # Of what is known by its name alone, no call is known to be the library's.
    by_name = replace(sink, calls=())
    for method in sink.methods:
        made.methods.setdefault(method, []).append((re.compile(sink.receivers), by_name))
    for name in written.get("assigned", ()):
        made.assigned[name] = sink
