"""A list as a page shows it: heads that sort, chips that narrow, cells that lead somewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from bailiwick.control.listings import Asked, Column, Found, Listing, Row, Value, pairs_of
from bailiwick.faces.console.words import State, state

_STATES = {
    "enabled": State("enabled", "good"),
    "available": State("available", "good"),
    "switched off": State("switched off", "warn"),
    "high": State("high", "bad"),
    "medium": State("medium", "warn"),
    "low": State("low", "good"),
    "never": State("never", "plain"),
}
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: where a click on it leads, and which way rows stand by it, as `aria-sort` says it."""

    column: Column
    address: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is chosen or can be, and where a click on it leads."""

    words: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chips:
    """The choices of one column."""

    label: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its column, its value, the state where it is one, and where it leads."""

    column: Column
    value: Value
    state: State | None
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its key, and its cells."""

    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """All of it. `fields` are the columns that words are looked for in, with what is asked now; `kept` are the pairs
    that a form sends along.
    """

    listing: Listing
    path: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    choices: tuple[Chips, ...]
    chosen: tuple[Chip, ...]
    fields: tuple[tuple[Column, str], ...]
    columns: tuple[tuple[Column, bool], ...]
    kept: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[str, str], ...]
    first: str
    further: str
    exports: tuple[tuple[str, str], ...]


def table_view(listing: Listing, asked: Asked, found: Found, path: str) -> TableView:
    """Return a page of a list as it is shown."""
    pairs = pairs_of(listing, asked)
    shown = [item for item in listing.columns if (item.name in asked.shown if asked.shown else item.usual)]
    words = [item for item in listing.columns if not item.choices and item.name != "key"]
    return TableView(
        listing,
        path,
        tuple(_head(listing, asked, item, path) for item in shown),
        tuple(_line(listing, row, shown) for row in found.rows),
        tuple(_choices(item, pairs, path) for item in listing.columns if item.choices),
        tuple(_chosen(listing, pairs, path)),
        tuple((item, asked.of(item.name)[0] if asked.of(item.name) else "") for item in words),
        tuple((item, item in shown) for item in listing.columns if item.name != "key"),
        tuple(pair for pair in pairs if pair[0] not in {item.name for item in words}),
        tuple(pairs),
        address(path, pairs) if asked.cursor else "",
        address(path, [*pairs, ("cursor", found.cursor)]) if found.cursor else "",
        tuple((kind, address(f"{path}.{kind.lower()}", pairs)) for kind in ("CSV", "JSON")),
    )


def address(path: str, pairs: Pairs) -> str:
    """Return a page with what is asked of it."""
    return f"{path}?{urlencode(list(pairs))}" if pairs else path


def _head(listing: Listing, asked: Asked, column: Column, path: str) -> Head:
    down = asked.sort == column.name and not asked.descending
    order = f"-{column.name}" if down else column.name
    rest = [pair for pair in pairs_of(listing, asked) if pair[0] != "sort"]
    way = ("descending" if asked.descending else "ascending") if asked.sort == column.name else "none"
    return Head(column, address(path, [*rest, ("sort", order)]), way)


def _choices(column: Column, pairs: Pairs, path: str) -> Chips:
    def chip(value: str) -> Chip:
        pair = (column.name, value)
        rest = [item for item in pairs if item != pair]
        return Chip(value, address(path, rest if pair in pairs else [*rest, pair]), pair in pairs)

    return Chips(column.label, tuple(chip(value) for value in column.choices))


def _chosen(listing: Listing, pairs: Pairs, path: str) -> Sequence[Chip]:
    labels = {item.name: item.label for item in listing.columns}
    return [
        Chip(f"{labels[name]}: {value}", address(path, [pair for pair in pairs if pair != (name, value)]), True)
        for name, value in pairs
        if name in labels
    ]


def _line(listing: Listing, row: Row, shown: Sequence[Column]) -> Line:
    def cell(column: Column) -> Cell:
        value = row[column.name]
        told = state_of(str(value)) if column.kind == "state" and value else None
        leads = _LEADS.get((listing.name, column.name)) or _LEADS.get(("", column.name))
        return Cell(column, value, told, leads(row) if leads is not None and value else "")

    return Line(str(row[listing.key]), tuple(map(cell, shown)))


def state_of(word: str) -> State:
    """Return a word of a list as a state."""
    return _STATES.get(word) or state(word)


def _to(pattern: str, name: str) -> Callable[[Row], str]:
    def address_of(row: Row) -> str:
        value = row[name]
        return pattern.format(quote(value.isoformat() if isinstance(value, datetime) else str(value), safe="/@:"))

    return address_of


def _person(name: str) -> Callable[[Row], str]:
    return lambda row: f"/people/{quote(str(row[name])[5:], safe='@')}" if str(row[name]).startswith("user:") else ""


_LEADS: Mapping[tuple[str, str], Callable[[Row], str]] = {
    ("", "app"): _to("/apps/{}", "app"),
    ("", "owner"): _person("owner"),
    ("", "builder"): _person("builder"),
    ("", "actor"): _person("actor"),
    ("apps", "waiting"): lambda _row: "/approvals",
    ("apps", "unsafe"): lambda _row: "/unsafe",
    ("builders", "pushes"): _to("/inventory/prompts?builder={}", "builder"),
    ("integrations", "integration"): _to("/integrations/{}", "integration"),
    ("integrations", "apps"): _to("/inventory/apps?integrations={}", "integration"),
    ("models", "model"): _to("/models#{}", "model"),
    ("prompts", "prompt"): _to("/pushes/{}", "push"),
    ("prompts", "commit"): _to("/pushes/{}", "push"),
    ("calls", "time"): lambda row: f"/audit/events/{int(str(row['event']))}",
    ("calls", "trace"): _to("/audit?trace={}", "trace"),
    ("identities", "identity"): _to("/services/{}", "identity"),
    ("packages", "package"): _to("/inventory/packages?package={}", "package"),
}
