"""Which columns a name can mean at a place of a statement; nothing else can be named, whatever the database has."""

from dataclasses import dataclass, field

from sqlglot import exp

from bailiwick.dataplane.gateways.sql.engines.model import Column
from bailiwick.dataplane.gateways.sql.engines.translating.dialects import Node
from bailiwick.dataplane.gateways.sql.engines.translating.values import Typed
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a source: what the app calls it, and how it is read."""

    name: str
    value: Typed


@dataclass
class Source:
    """What stands in FROM: the app's name of it and ours, and its columns. `merged` are hidden by JOIN … USING."""

    name: str
    own: str
    fields: tuple[Field, ...]
    merged: set[str] = field(default_factory=set)


@dataclass
class Scope:
    """The sources at one place, those around it, and the names that WITH gives."""

    outer: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    tables: dict[str, tuple[str, tuple[Column, ...]]] = field(default_factory=dict)

    def add(self, source: Source) -> None:
        """Add a source; raise when its name is taken."""
        if any(known.name == source.name for known in self.sources):
            raise StatementRefusedError(f"the table name {source.name} stands there twice", sqlstate="42712")
        self.sources.append(source)

    def column(self, table: str | None, name: str) -> Typed:
        """Return what a name means, here or further out."""
        found = [
            item.value
            for source in self.sources
            if (source.name == table if table is not None else name not in source.merged)
            for item in source.fields
            if item.name == name
        ]
        if len(found) > 1:
            raise StatementRefusedError(f"the column {name} is ambiguous", sqlstate="42702")
        if found:
            return found[0]
        named = table is not None and any(source.name == table for source in self.sources)
        if self.outer is None or named:
            raise StatementRefusedError(f"there is no column {table + '.' if table else ''}{name}", sqlstate="42703")
        return self.outer.column(table, name)

    def every(self, table: str | None) -> list[Field]:
        """Return the columns that a star means."""
        chosen = [source for source in self.sources if table is None or source.name == table]
        if not chosen:
            raise StatementRefusedError("a star stands there without a table", sqlstate="42P01")
        return [
            item for source in chosen for item in source.fields if table is not None or item.name not in source.merged
        ]

    def table(self, name: str) -> tuple[str, tuple[Column, ...]] | None:
        """Return the table that WITH made under a name: our name, and its columns."""
        return self.tables.get(name) or (self.outer.table(name) if self.outer is not None else None)


def quoted(name: str) -> exp.Identifier:
    """Return a name of the grant or of ours as an identifier."""
    return exp.Identifier(this=name, quoted=True)


def column(name: str, table: str) -> Node:
    """Return a column of a source."""
    return exp.Column(this=quoted(name), table=quoted(table))
