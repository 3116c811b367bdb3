"""What a reach holds that another one did not. What is only narrower than before is not new."""

from collections.abc import Iterator, Sequence

from bailiwick.core.grants import ColumnGrant, MailGrant, RequestGrant, TableGrant
from bailiwick.core.reach import IntegrationReach, Reach
from bailiwick.core.reach_words import (
    Line,
    grant_words,
    mail_words,
    mcp_words,
    reach_lines,
    request_words,
    table_words,
)
from bailiwick.core.served_words import opens_all

# Kinds of lines where less than before is nothing new.
_BY_AMOUNT = frozenset({"scope", "limit", "storage"})


def news(old: Reach | None, new: Reach) -> tuple[Line, ...]:
    """Return what is new in a reach, by kind and in words; without an old one everything is."""
    if old is None:
        known: set[str] = set()
        tables = [_of_new_integration(item) for item in new.integrations]
    else:
        known = {item.resource for item in old.integrations}
        tables = [_wider(item, old.integrations) for item in new.integrations if item.resource in known]
        tables += [_of_new_integration(item) for item in new.integrations if item.resource not in known]
    return (*(line for lines in tables for line in lines), *_others(old, new))


def _of_new_integration(item: IntegrationReach) -> list[Line]:
    return [Line("integration", line) for line in list(grant_words(item)) or [f"uses {item.resource}"]]


def _wider(item: IntegrationReach, earlier: Sequence[IntegrationReach]) -> list[Line]:
    """Return the tables and calls of an integration that no grant of before holds wholly."""
    before = [each.grant for each in earlier if each.resource == item.resource]
    found = [
        Line("scope", table_words(item.resource, table))
        for table in item.grant.tables
        if not any(_holds(was, table) for grant in before for was in grant.tables)
    ]
    found += [
        Line("scope", request_words(item.resource, request))
        for request in item.grant.requests
        if not any(_allows(was, request) for grant in before for was in grant.requests)
    ]
    found += [
        Line("scope", mail_words(item.resource, mail))
        for mail in item.grant.mail
        if not any(_sends(was, mail) for grant in before for was in grant.mail)
    ]
    found += [
        Line("scope", mcp_words(item.resource, served))
        for served in item.grant.served
        if not any(opens_all(was, served) for grant in before for was in grant.served)
    ]
    if not item.grant.demands_person and all(grant.demands_person for grant in before):
        found.append(Line("scope", f"{item.resource}: asked without a person behind the call, too"))
    return found


def _holds(was: TableGrant, now: TableGrant) -> bool:
    """Whether a grant of a table opens all that another one does: rows are those that meet every condition."""
    columns = {column.name: column for column in was.columns}
    return (
        (was.namespace, was.relation) == (now.namespace, now.relation)
        and now.operations <= was.operations
        and set(was.rows) <= set(now.rows)
        and set(was.checks) <= set(now.checks)
        and (was.per_day is None or (now.per_day is not None and was.per_day.holds(now.per_day)))
        and (was.row_log is None or was.row_log == now.row_log)
        and (was.until is None or (now.until is not None and now.until <= was.until))
        and (was.groups == now.groups or not any(column.in_groups_of for column in now.columns))
        and all(column.name in columns and _opens(columns[column.name], column) for column in now.columns)
    )


def _allows(was: RequestGrant, now: RequestGrant) -> bool:
    """Whether a grant of calls opens all that another one does, of paths of the same pattern."""
    return (
        was.path == now.path
        and now.methods <= was.methods
        and _within(now.query, was.query)
        and _within(now.body, was.body)
        and set(now.headers) <= set(was.headers)
        and set(was.fields) <= set(now.fields)
        and set(was.rules) <= set(now.rules)
    )


def _sends(was: MailGrant, now: MailGrant) -> bool:
    """Whether a grant of mail opens all that another one does."""
    return (
        set(now.senders) <= set(was.senders)
        and (set(now.recipients) <= set(was.recipients) or "*" in was.recipients)
        and now.most_bytes <= was.most_bytes
        and now.most_recipients <= was.most_recipients
    )


def _within(now: tuple[str, ...] | None, was: tuple[str, ...] | None) -> bool:
    return was is None or (now is not None and set(now) <= set(was))


def _opens(was: ColumnGrant, now: ColumnGrant) -> bool:
    shown = was.mask is None or (was.mask, was.mask_for) == (now.mask, now.mask_for)
    readable = not now.readable or (was.readable and shown)
    grouped = now.in_groups_of is None or was.readable or (was.in_groups_of or now.in_groups_of + 1) <= now.in_groups_of
    return readable and grouped and (was.writable or not now.writable)


def _others(old: Reach | None, new: Reach) -> Iterator[Line]:
    before = set(reach_lines(old)) if old is not None else set()
    yield from (line for line in reach_lines(new) if line.kind not in _BY_AMOUNT and line not in before)
    if new.storage_bytes > (old.storage_bytes if old is not None else 0):
        yield from (line for line in reach_lines(new) if line.kind == "storage")
    if new.memory_bytes > (old.memory_bytes if old is not None else 0):
        yield Line("limit", f"may use {new.memory_bytes // 2**20} MiB of memory")
    if new.cpu > (old.cpu if old is not None else 0):
        yield Line("limit", f"may use {new.cpu:g} of a processor")
    if old is None or new.requests_per_second > old.requests_per_second:
        yield Line("limit", f"takes up to {new.requests_per_second} requests a second")
