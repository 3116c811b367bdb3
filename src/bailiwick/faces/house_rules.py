"""What holds for code of an app before any of it is written, in words: the manifest, standards, systems and models."""

from collections.abc import Sequence

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.integrations import Integration
from bailiwick.control.standards import StandardVersion
from bailiwick.core.grants import ColumnGrant, Offer, TableGrant
from bailiwick.core.principals import Identity
from bailiwick.core.reach_words import day_words, offer_words
from bailiwick.core.row_words import rule_words

MANIFEST_HELP = """\
Every app has a bailiwick.toml at its root. What it does not declare, it cannot reach; unknown keys are errors.

[app]
name = "refund-desk"
purpose = "Support staff look up an order and issue a refund"
kind = "web"
runtime = "python3"
entrypoint = "refund_desk.app:app"
data_classes = ["customer"]

[integrations.orders]
use = "orders-db"
access = ["orders:read"]

[egress]
allow = ["api.exchange.example:443"]

[jobs.nightly]
schedule = "0 2 * * *"
run = "refund_desk.jobs:nightly"

[static]
folder = "refund_desk/static"
prefix = "/static"

Rules that hold everywhere: the platform serves the app, so open no port; connect to an integration by the URL in the
environment (orders: ORDERS_URL), which holds no credential; keep no secret in code; start no processes; write nowhere
but /tmp; pin every dependency with == and hashes in requirements.lock (on Node in package-lock.json); parameters, never
text, into SQL and HTML. What [static] names is served by the platform without waking the app; a site of files alone is
kind = "static", without runtime and entrypoint, with the folder that its build wrote, not packed."""


# How code uses a system of a kind, where its name does not say it.
_READ = ("speak PostgreSQL to its URL; it is read, never written",)
_WAYS = {"mcp": ("speak MCP (Streamable HTTP) to its URL",), "bigquery": _READ, "snowflake": _READ}


def standards_on(control: ControlPlane, identity: Identity, folder: str) -> list[StandardVersion]:
    """Return the standards in force on a folder, as far as somebody may read them."""
    parts = folder.split("/")
    scopes = {ORGANIZATION, *(f"folder:{'/'.join(parts[: end + 1])}" for end in range(len(parts)))}
    with control.store.transaction() as session:
        sets = control.standards.sets(session, identity)
    return [item.active for item in sets if item.active is not None and item.scope in scopes]


def usable_integrations(control: ControlPlane, identity: Identity, name: str = "") -> list[Integration]:
    """Return the systems that somebody may build upon: all of them, or the one of a name."""
    with control.store.transaction() as session:
        offered = control.integrations.offered(session, identity)
    return [item for item in offered if name in {"", item.name} and item.enabled]


def _notes(control: ControlPlane, item: Integration) -> Sequence[str]:
    """Return what its connector says of answers and errors, where it was made of one that there still is."""
    known = {connector.name: connector.notes for connector in control.connectors.all()}
    return known.get(item.connector, ())


def integration_lines(control: ControlPlane, item: Integration) -> list[str]:
    """Return what a system offers, a line for each thing."""
    lines = [f"{item.name} ({item.kind}): {item.description}"]
    lines += [f"  {words}" for words in (*_WAYS.get(item.kind, ()), *_notes(control, item))]
    sent = sorted({name for place in item.connections.values() for name in getattr(place, "webhooks", ())})
    lines += [f"  sends webhooks: {', '.join(sent)}"] if sent else []
    for rule, tables in sorted(item.offers.items()):
        lines.append(f"  access {rule}")
        lines += [f"    {_offer_line(item.name, offer)}" for offer in tables]
    return lines


def _offer_line(integration: str, offer: Offer) -> str:
    return _table_line(offer) if isinstance(offer, TableGrant) else offer_words(integration, offer)


def _table_line(table: TableGrant) -> str:
    columns = ", ".join(_column_line(column) for column in table.columns)
    only = f"; only rows whose {' and '.join(map(rule_words, table.rows))}" if table.rows else ""
    only += f"; writes only where {' and '.join(map(rule_words, table.checks))}" if table.checks else ""
    only += "".join(f"; {words}" for words in day_words(table))
    return f"{', '.join(sorted(table.operations))} on {table.namespace}.{table.relation} ({columns}){only}"


def _column_line(column: ColumnGrant) -> str:
    said = [f"masked: {column.mask.value}"] if column.readable and column.mask else []
    said += [f"{one.mask or 'whole'} where {one.attribute} is {' or '.join(one.one_of)}" for one in column.mask_for]
    said += [] if column.readable else ["not readable"]
    said += [f"sums, averages and counts of {column.in_groups_of} rows or more"] if column.in_groups_of else []
    said += ["writable"] if column.writable else []
    return f"{column.name} [{', '.join(said)}]" if said else column.name
