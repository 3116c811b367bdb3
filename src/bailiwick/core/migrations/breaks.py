"""What a migration takes away that code still speaks of: the release before runs on until the new one answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pglast
from pglast import enums, parser

from bailiwick.core.migrations.files import FOLDER, Migration

_CODE = (".py", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".sql", ".html", ".toml")
_MOST_BYTES = 2**20
_MOST_LINES = 20
HELP = "add what is new first, deploy code that does without the old, and take that away in a deploy of its own"


@dataclass(frozen=True, slots=True)
class Taken:
    """A table, or a column of one, that is not there any more under its name; `how` says what is done to it."""

    table: str
    column: str
    how: str

    @property
    def written(self) -> str:
        """Its name as people write it."""
        return f"{self.table}.{self.column}" if self.column else self.table


def taken_away(migration: Migration) -> tuple[Taken, ...]:
    """Return what a migration's way forward drops or renames; nothing for a script that cannot be read."""
    try:
        nodes = [item.stmt for item in pglast.parse_sql(migration.up)]
    except (parser.ParseError, RecursionError, ValueError):
        return ()
    return tuple(item for node in nodes for item in _taken(node))


def still_read(code: Mapping[str, bytes], migrations: Sequence[Migration]) -> tuple[str, ...]:
    """Return a line for each place of an app's code (by path) that speaks of what these migrations take away.

    A column counts where its table is named in the same file. It is a hint for people, who read the line.
    """
    return tuple(_places(code, [(migration, item) for migration in migrations for item in taken_away(migration)]))


def _places(code: Mapping[str, bytes], taken: Sequence[tuple[Migration, Taken]]) -> Iterator[str]:
    shown = 0
    for path in sorted(code) if taken else ():
        if path.startswith(FOLDER) or not path.endswith(_CODE):
            continue
        text = code[path][:_MOST_BYTES].decode(errors="replace")
        for migration, item in taken:
            line = _line(text, item)
            if line and shown < _MOST_LINES:
                shown += 1
                yield f"{migration.title} {item.how} {item.written}, which {path}:{line} still reads: {HELP}"


def _line(text: str, item: Taken) -> int:
    """Return the first line that names it, 0 when none does."""
    if not re.search(rf"\b{re.escape(item.table)}\b", text):
        return 0
    found = re.search(rf"\b{re.escape(item.column or item.table)}\b", text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _taken(node: Any) -> Iterator[Taken]:
    kind = type(node).__name__
    if kind == "AlterTableStmt":
        for command in node.cmds or ():
            if command.subtype == enums.AlterTableType.AT_DropColumn:
                yield Taken(node.relation.relname, command.name, "drops")
    elif kind == "DropStmt" and node.removeType in {
        enums.ObjectType.OBJECT_TABLE,
        enums.ObjectType.OBJECT_VIEW,
    }:
        yield from (Taken(item[-1].sval, "", "drops") for item in node.objects)
    elif kind == "RenameStmt":
        if node.renameType == enums.ObjectType.OBJECT_COLUMN:
            yield Taken(node.relation.relname, node.subname, "renames")
        elif node.renameType == enums.ObjectType.OBJECT_TABLE:
            yield Taken(node.relation.relname, "", "renames")
