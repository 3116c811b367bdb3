"""Reach in words: one line for each thing that an app may touch, by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from bailiwick.core.capabilities import WORDS, Capability
from bailiwick.core.grants import (
    ColumnGrant,
    DayLimits,
    FieldMask,
    MailGrant,
    Mask,
    Offer,
    RequestGrant,
    ServedGrant,
    TableGrant,
    ToolGrant,
)
from bailiwick.core.reach import IntegrationReach, Reach
from bailiwick.core.row_words import condition_words, rule_words
from bailiwick.core.served_words import served_words

_MASKS = {
    Mask.NULL: "hidden",
    Mask.FULL: "hidden but for whether there is one",
    Mask.FIRST1: "masked to its first character",
    Mask.LAST2: "masked to the last two",
    Mask.LAST4: "masked to the last four",
    Mask.EMAIL: "masked to its domain",
    Mask.YEAR: "masked to its year",
    Mask.MONTH: "masked to its month",
    Mask.HASH: "masked to a hash, the same for the same value",
    Mask.DIGITS: "masked to other digits, the same for the same value",
    Mask.NOISE5: "moved by up to 5 percent",
    Mask.NOISE10: "moved by up to 10 percent",
    Mask.NOISE25: "moved by up to 25 percent",
}

# Below, a size in MiB says nothing.
_SMALL = 2**20 // 20
_PROTOCOLS = {
    "": "may open connections to {}",
    "http": "may send requests to {} in plain HTTP, which others can read on the way",
    "smtp": "may send mail through {}",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Something in reach: of which kind (`scope`, `egress`, `model` …), and in words."""

    kind: str
    words: str


def reach_lines(reach: Reach) -> Iterator[Line]:
    """Yield the lines of a reach."""
    for integration in reach.integrations:
        yield from (Line("scope", words) for words in grant_words(integration))
        for name, _, path in (webhook.partition(" ") for webhook in integration.webhooks):
            yield Line("webhook", f"{integration.resource} sends {name} to {path}, when it is signed")
    if reach.database:
        yield Line("database", "has a database of its own")
    if reach.storage_bytes:
        yield Line("storage", f"keeps files of its own, up to {size_words(reach.storage_bytes)}")
    for host in reach.egress:
        yield Line("egress", host_words(host))
    for model in reach.models:
        yield Line("model", f"may ask the model {model}")
    for job in reach.jobs:
        yield Line("job", f"runs by itself: {job}")
    for worker in reach.workers:
        yield Line("worker", f"works beside it: {worker}")
    for capability in reach.capabilities:
        known = WORDS[Capability(capability)] if capability in WORDS else f"has the capability {capability}"
        yield Line("capability", known)
    for data_class in reach.data_classes:
        yield Line("data class", f"says that it handles {data_class} data")
    if reach.pages:
        yield Line("pages", f"tells browsers what its static pages may do: {reach.pages}")
    if reach.memory_bytes:
        yield Line("limit", f"may use {reach.memory_bytes // 2**20} MiB of memory and {reach.cpu:g} of a processor")
    yield Line("limit", f"takes up to {reach.requests_per_second} requests a second")


def grant_words(integration: IntegrationReach) -> Iterator[str]:
    """Yield what a grant opens of an integration, as lines."""
    yield from (offer_words(integration.resource, offer) for offer in integration.grant.offers)


def size_words(count: int) -> str:
    """Return a number of bytes as manifests write sizes: `12.5 MiB`, or `900 bytes`."""
    if count < _SMALL:
        return f"{count:,} bytes"
    return f"{count / 2**20:.1f} MiB".replace(".0 ", " ")


def host_words(entry: str) -> str:
    """Return what a host in reach opens, as a line."""
    address, _, protocol = entry.partition("/")
    return _PROTOCOLS.get(protocol, "may open connections to {} as {}").format(address, protocol)


def offer_words(resource: str, offer: Offer) -> str:
    """Return what an offer opens of an integration, as a line."""
    if isinstance(offer, MailGrant):
        return mail_words(resource, offer)
    if isinstance(offer, TableGrant):
        return table_words(resource, offer)
    return request_words(resource, offer) if isinstance(offer, RequestGrant) else mcp_words(resource, offer)


def mcp_words(resource: str, served: ServedGrant) -> str:
    """Return what a grant opens of an MCP server, as a line."""
    masked = map(field_words, served.fields) if isinstance(served, ToolGrant) else ()
    return "; ".join([served_words(resource, served), *masked])


def mail_words(resource: str, mail: MailGrant) -> str:
    """Return what a grant opens of a mail server, as a line."""
    to = "anybody" if "*" in mail.recipients else ", ".join(mail.recipients)
    sizes = f"{mail.most_recipients} at once, {size_words(mail.most_bytes)} each"
    return f"{resource}: sends mail as {', '.join(mail.senders)} to {to}; {sizes}"


def table_words(resource: str, table: TableGrant) -> str:
    """Return what a grant opens of a table of an integration, as a line."""
    verbs = ", ".join(sorted(operation.value for operation in table.operations))
    columns = ", ".join(column_words(column, table.groups) for column in table.columns)
    rows = " and ".join(f"only rows whose {rule_words(rule)}" for rule in table.rows) or "all rows"
    checks = f"; writes only where {' and '.join(map(condition_words, table.checks))}" if table.checks else ""
    ends = f"; until {table.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if table.until is not None else ""
    aim = f"; for: {table.purpose}" if table.purpose else ""
    day = "".join(f"; {words}" for words in (*day_words(table), *log_words(table)))
    return f"{resource}: {verbs} on {table.relation}: {rows}; columns {columns}{checks}{day}{ends}{aim}"


def day_words(table: TableGrant) -> Iterator[str]:
    """Yield how much of a table may pass in a day, by whom."""
    limits = table.per_day or DayLimits()
    for who, limit in (("all together", limits.app), ("each person", limits.person)):
        parts = [f"{limit.rows:,} rows"] if limit.rows is not None else []
        parts += [size_words(limit.bytes)] if limit.bytes is not None else []
        if parts:
            yield f"at most {' and '.join(parts)} a day for {who}"


def log_words(table: TableGrant) -> Iterator[str]:
    """Yield that it is kept which rows of a table were read and changed, where it is."""
    if table.row_log is not None:
        how = "in the clear" if table.row_log.written == "clear" else "hashed"
        only = ", and no statement that does not tell it" if table.row_log.untold == "refused" else ""
        yield f"which rows is logged by {' and '.join(table.row_log.key)}, {how}{only}"


def request_words(resource: str, request: RequestGrant) -> str:
    """Return what a grant opens of an HTTP service, as a line."""
    limits = [
        _only("parameters", request.query),
        _only("fields sent", request.body),
        f"sends the headers {', '.join(request.headers)}" if request.headers else "",
        *map(field_words, request.fields),
        f"{', '.join(request.hide)} data hidden" if request.hide else "",
        *(rule.words for rule in request.rules),
    ]
    calls = f"{resource}: {', '.join(sorted(request.methods))} {request.path}"
    return "; ".join([calls, *filter(None, limits)])


def field_words(field: FieldMask) -> str:
    """Return how a field of answers is masked, in words."""
    return f"{field.path} {_MASKS[field.mask]}"


def _only(what: str, names: tuple[str, ...] | None) -> str:
    if names is None:
        return ""
    return f"{what}: only {', '.join(names)}" if names else f"no {what}"


def column_words(column: ColumnGrant, groups: tuple[str, ...]) -> str:
    """Return a column with what is shown of it; `groups` are those that rows are grouped by."""
    if column.in_groups_of is not None:
        by = f", by {' and '.join(groups)}" if groups else ""
        return f"{column.name} (only sums, averages and counts of {column.in_groups_of} rows or more{by})"
    if not column.readable:
        return f"{column.name} (written, never read)"
    masks = [_MASKS[column.mask]] if column.mask else []
    for one in column.mask_for:
        shown = _MASKS[one.mask] if one.mask else "whole"
        masks.append(f"{shown} for those whose {one.attribute} is {' or '.join(map(repr, one.one_of))}")
    return f"{column.name} ({', '.join(masks)})" if masks else column.name
