"""Files of SQL: each by itself (`check`), and the migrations of an app as a row (`order`)."""

import re
from collections.abc import Iterator

from bailiwick.control.review.engines.infra import faults as said
from bailiwick.control.review.engines.infra.faults import Fault
from bailiwick.control.review.engines.source import Lines, Syntax, code_only, text_of
from bailiwick.control.review.engines.sql import rules, squawk
from bailiwick.control.review.engines.sql.statements import MAX_BYTES, UnreadableSqlError, statements
from bailiwick.control.review.model import Change, Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile

_MIGRATION = re.compile(r"^migrations/(\d+)_([\w-]+)\.(up|down)\.sql$")
_IN_FOLDER = re.compile(r"^migrations/[^/]+\.sql$")
_BUILT = re.compile(
    r"\bEXECUTE\s+(?:IMMEDIATE\s+)?(?!(?:FUNCTION|PROCEDURE|ON)\b)[^;]*?(?:\|\||\bCONCAT\s*\()|\bsp_executesql\b|\bEXEC\s*\(\s*@",
    re.IGNORECASE,
)


def reads(path: str) -> bool:
    """Say whether a file holds SQL."""
    return path.lower().endswith((".sql", ".psql", ".pgsql"))


def is_migration(path: str) -> bool:
    """Say whether a file is one of the migrations that the platform applies."""
    return bool(_IN_FOLDER.match(path))


def check(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong in each file."""
    for file in change.files:
        if reads(file.path) and (text := text_of(file.content)) is not None:
            yield from said.findings(file.path, Lines(text), _faults(file, text))


def _faults(file: TreeFile, text: str) -> Iterator[Fault]:
    migration = is_migration(file.path)
    if len(file.content) > MAX_BYTES:
        message = f"over {MAX_BYTES // 2**20} MiB of SQL cannot be reviewed; keep data outside"
        yield Fault("unreadable-configuration" if migration else "partly-read", 0, message)
        yield from _by_text(text)
        return
    try:
        found = statements(text)
    except UnreadableSqlError as fault:
        if migration:
            yield Fault("syntax-error", fault.line, str(fault))
        else:  # most likely of another database
            yield from _by_text(text)
        return
    yield from rules.faults(found)
    if migration:
        way_back = file.path.endswith(".down.sql")
        yield from rules.migration_faults(found, way_back)
        if not way_back:
            yield from squawk.faults(file.content)


def _by_text(text: str) -> Iterator[Fault]:
    """Yield dynamic SQL by how it looks, where the statements cannot be read."""
    code = code_only(text, Syntax.SQL)
    for match in _BUILT.finditer(code):
        yield Fault("sql-injection", code.count("\n", 0, match.start()) + 1, "a query is put together from values")


def order(change: Change, _: Surroundings) -> Iterator[Finding]:
    """Yield what is wrong with the migrations as a row: names, numbers, and ways back."""
    numbers: dict[int, set[str]] = {}
    names = {file.path for file in change.files}
    for path in sorted(name for name in names if is_migration(name)):
        match = _MIGRATION.match(path)
        if match is None:
            yield Finding(
                rule("migration-order"), path, 0, "it is not named NNNN_name.up.sql or .down.sql, so nobody runs it"
            )
            continue
        numbers.setdefault(int(match[1]), set()).add(match[2])
        partner = path.replace(f".{match[3]}.sql", ".down.sql" if match[3] == "up" else ".up.sql")
        if partner not in names:
            broken = "migration-without-way-back" if match[3] == "up" else "migration-order"
            yield Finding(rule(broken), path, 0, f"there is no {partner.rpartition('/')[2]}")
    for number, found in sorted(numbers.items()):
        where = next(path for path in sorted(names) if re.match(rf"migrations/0*{number}_", path))
        if len(found) > 1:
            message = f"{number} is the number of {len(found)} migrations: {', '.join(sorted(found))}"[:300]
            yield Finding(rule("migration-order"), where, 0, message)
        if number - 1 not in numbers and number != min(numbers):
            yield Finding(rule("migration-order"), where, 0, f"there is no migration {number - 1} before it")
