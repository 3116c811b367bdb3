"""What apps used of their grants in ninety days of the audit log, and the narrower grant that would have done."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from bailiwick.control.audit import successes_on
from bailiwick.control.grant_drafts import forms
from bailiwick.control.grant_drafts.drafts import DraftService
from bailiwick.control.grant_drafts.errors import NothingToSaveError
from bailiwick.control.grant_drafts.model import Became, Draft, Phrase, Reading, name_of
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent
from bailiwick.core.grants import DataGrant, Operation, RequestGrant, TableGrant, ToolGrant
from bailiwick.core.principals import Identity
from bailiwick.core.reach import Reach
from bailiwick.store import Store

LOOK_BACK = timedelta(days=90)
# So many statements of an app are read; of more, nothing is said to be unused.
MOST_EVENTS = 20_000
# Statements are kept to this length in the audit log: what is longer may name any column.
_KEPT_CHARACTERS = 2000
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class TableUse:
    """What an app used of a table: a column counts as used when any statement on the table may have named it."""

    table: str
    used: bool
    unused_columns: tuple[str, ...]
    unused_operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GrantUse:
    """What an app used of its grant on an integration. Where not `complete`, there was more than was looked at."""

    app: str
    integration: str
    statements: int
    complete: bool
    tables: tuple[TableUse, ...]
    unused_calls: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What that comes to, as one sentence."""
        used = sum(table.used for table in self.tables)
        wholes = [f"reads {used} of {len(self.tables)} tables"] if self.tables else []
        columns = sum(len(table.unused_columns) for table in self.tables if table.used)
        if columns:
            wholes.append(f"never names {columns} column{'' if columns == 1 else 's'} of those")
        if self.unused_calls:
            wholes.append(f"never makes {len(self.unused_calls)} of its calls")
        more = "" if self.complete else f", by its last {MOST_EVENTS} uses"
        return f"{', '.join(wholes) or 'uses all of it'} in 90 days{more}"

    @property
    def could_be_narrower(self) -> bool:
        """Whether less would have done; never said of an app that was not looked at whole."""
        spare = any(not item.used or item.unused_columns or item.unused_operations for item in self.tables)
        return self.complete and spare


@dataclass(frozen=True)
class UsageService:
    """Compares grants with their use. `reaches` returns what each app in production may touch."""

    store: Store
    authorizer: Authorizer
    drafts: DraftService
    reaches: Callable[[Session], Mapping[str, Reach]]
    clock: Clock

    def uses(self, session: Session, identity: Identity, name: str) -> list[GrantUse]:
        """Return what each app in production used of its grant on an integration; policy is asked."""
        self.authorizer.require(session, identity, "integration.read", f"integration:{name}")
        self.authorizer.require(session, identity, "integration.manage", ORGANIZATION)
        return [self._use(session, app, name, grant) for app, grant in sorted(self._grants(session, name).items())]

    def narrower(self, identity: Identity, name: str, app: str) -> Draft:
        """Return a draft of what an app used of its tables, for a person to look at and save.

        Raises `NothingToSaveError` when the app used all of it, none of it, or more than was looked at.
        """
        with self.store.transaction() as session:
            self.authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            grant = self._grants(session, name).get(app)
            use = self._use(session, app, name, grant) if grant is not None else None
            if grant is None or use is None or not use.could_be_narrower or not any(item.used for item in use.tables):
                raise NothingToSaveError(
                    f"nothing narrower is known to do for {app[:80]}", hint=f"bailiwick integration usage {name}"
                )
            tables = tuple(filter(None, map(_narrowed, grant.tables, use.tables)))
            return self.drafts.keep(session, identity, name, f"what {app} used in 90 days", _reading(tables, use))

    def _grants(self, session: Session, name: str) -> dict[str, DataGrant]:
        return {
            app: item.grant
            for app, reach in self.reaches(session).items()
            for item in reach.integrations
            if item.resource == name
        }

    def _use(self, session: Session, app: str, name: str, grant: DataGrant) -> GrantUse:
        resource, since = f"integration:{name}", self.clock() - LOOK_BACK
        actions = ("query.executed", "service.called", "tool.called")
        events = successes_on(session, resource, app=app, actions=actions, since=since, limit=MOST_EVENTS + 1)
        complete = len(events) <= MOST_EVENTS
        used = [_table_use(table, events) for table in grant.tables]
        calls = tuple(_call_words(item) for item in grant.requests if not _was_made(item, events)) if complete else ()
        called = {event.context.get("tool") for event in events if event.action == "tool.called"}
        tools = [item.tool for item in grant.served if isinstance(item, ToolGrant)] if complete else []
        calls += tuple(f"the tool {name}" for name in dict.fromkeys(tools) if name not in called)
        return GrantUse(app, name, min(len(events), MOST_EVENTS), complete, tuple(used), calls)


def _table_use(table: TableGrant, events: Sequence[AuditEvent]) -> TableUse:
    mine = [event for event in events if table.relation in _facts(event, "tables")]
    statements = [str(event.context.get("statement", "")) for event in mine]
    named = _names_in(statements)
    columns = tuple(column.name for column in table.columns if named is not None and column.name.lower() not in named)
    operations = {str(event.context.get("operation", "")) for event in mine}
    # A statement that changes rows may read them, too.
    done = operations | ({"select"} if operations else set())
    unused = tuple(sorted(operation.value for operation in table.operations if operation.value not in done))
    return TableUse(name_of(table), bool(mine), columns if mine else (), unused if mine else ())


def _names_in(statements: Collection[str]) -> frozenset[str] | None:
    """Return every name in some statements, or None where they may name any: one is cut off, or says `*`."""
    distinct = set(statements)
    if any(len(statement) >= _KEPT_CHARACTERS or "*" in statement for statement in distinct):
        return None
    return frozenset(word.lower() for statement in distinct for word in _WORD.findall(statement))


def _facts(event: AuditEvent, name: str) -> tuple[str, ...]:
    found = event.context.get(name)
    return found if isinstance(found, tuple) else ()


def _was_made(request: RequestGrant, events: Sequence[AuditEvent]) -> bool:
    """Return whether a call of an app was one that a grant opens: events name the method and the path."""
    made = (str(event.context.get("call", "")).partition(" ") for event in events)
    return any(method in request.methods and _path_form(request.path).fullmatch(path) for method, _, path in made)


@lru_cache(maxsize=256)
def _path_form(pattern: str) -> re.Pattern[str]:
    """Return what fits the paths of a pattern: `{name}` is any one part, `/**` any rest."""
    begin, rest = (pattern[:-3], "(?:/.*)?") if pattern.endswith("/**") else (pattern, "")
    parts = ("[^/]+" if part.startswith("{") else re.escape(part) for part in begin.split("/"))
    return re.compile("/".join(parts) + rest)


def _call_words(request: RequestGrant) -> str:
    return f"{', '.join(sorted(request.methods))} {request.path}"


def _narrowed(table: TableGrant, use: TableUse) -> TableGrant | None:
    if not use.used:
        return None
    columns = frozenset(column.name for column in table.columns) - set(use.unused_columns)
    operations = frozenset(item for item in table.operations if item.value not in use.unused_operations)
    return forms.narrowed(table, columns, operations or frozenset({Operation.SELECT})) if columns else None


def _reading(tables: Sequence[TableGrant], use: GrantUse) -> Reading:
    asked = {f"{name_of(table)}.{column.name}": "used" for table in tables for column in table.columns}
    phrases = [Phrase(table.table, Became.GIVEN, "was used") for table in use.tables if table.used]
    left = [f"nothing of {table.table}: the app did not use it" for table in use.tables if not table.used]
    left += [
        f"{table.table}.{column}: no statement named it" for table in use.tables for column in table.unused_columns
    ]
    left += [f"to {word} {table.table}: the app did not" for table in use.tables for word in table.unused_operations]
    return Reading(tuple(tables), tuple(phrases), asked, tuple(left))
