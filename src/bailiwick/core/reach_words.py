"""Reach in words: one line for each thing that an app may touch, by kind."""

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.core.capabilities import WORDS, Capability
from bailiwick.core.grants import ColumnGrant, FieldMask, Mask, RequestGrant, RowCondition, TableGrant
from bailiwick.core.reach import IntegrationReach, Reach

_MASKS = {Mask.LAST4: "masked to the last four", Mask.EMAIL: "masked to its domain", Mask.NULL: "hidden"}

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
    yield from (table_words(integration.resource, table) for table in integration.grant.tables)
    yield from (request_words(integration.resource, request) for request in integration.grant.requests)


def size_words(count: int) -> str:
    """Return a number of bytes as manifests write sizes: `12.5 MiB`."""
    return f"{count / 2**20:.1f} MiB".replace(".0 ", " ")


def host_words(entry: str) -> str:
    """Return what a host in reach opens, as a line."""
    address, _, protocol = entry.partition("/")
    return _PROTOCOLS.get(protocol, "may open connections to {} as {}").format(address, protocol)


def table_words(resource: str, table: TableGrant) -> str:
    """Return what a grant opens of a table of an integration, as a line."""
    verbs = ", ".join(sorted(operation.value for operation in table.operations))
    columns = ", ".join(_column(column) for column in table.columns)
    rows = " and ".join(_condition(condition) for condition in table.rows) or "all rows"
    return f"{resource}: {verbs} on {table.relation}: {rows}; columns {columns}"


def request_words(resource: str, request: RequestGrant) -> str:
    """Return what a grant opens of an HTTP service, as a line."""
    limits = [
        _only("parameters", request.query),
        _only("fields sent", request.body),
        f"sends the headers {', '.join(request.headers)}" if request.headers else "",
        *map(field_words, request.fields),
        f"{', '.join(request.hide)} data hidden" if request.hide else "",
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


def _column(column: ColumnGrant) -> str:
    if not column.readable:
        return f"{column.name} (written, never read)"
    return f"{column.name} ({_MASKS[column.mask]})" if column.mask else column.name


def _condition(condition: RowCondition) -> str:
    if condition.equals_attribute is not None:
        return f"only rows whose {condition.column} is the person's own {condition.equals_attribute}"
    return f"only rows whose {condition.column} is {condition.equals!r}"
