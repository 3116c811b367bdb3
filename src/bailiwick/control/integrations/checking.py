"""Checks what somebody registers: that it can be named, that its parts fit each other, and that editor and production
are told apart.
"""

import re
from collections.abc import Collection, Mapping

from bailiwick.control.integrations.folders import require_account_taken, require_secrets
from bailiwick.control.integrations.model import Integration
from bailiwick.control.vault import Environment
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import (
    AnyOf,
    AskingGrant,
    MailGrant,
    Offer,
    Operation,
    PromptGrant,
    RequestGrant,
    ResourceGrant,
    TableGrant,
    ToolGrant,
    conditions_of,
)
from bailiwick.core.manifest import ACCESS_RULE

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_OWNER = re.compile(r"(user|group|service):[!-~]{1,200}")
# What access rules of each kind of system list.
_OFFERS: Mapping[str, tuple[tuple[type[Offer], ...], str]] = {
    **dict.fromkeys(
        ("postgresql", "mysql", "sqlite", "duckdb", "bigquery", "snowflake"),
        ((TableGrant,), "list tables with columns"),
    ),
    "http": ((RequestGrant,), "list calls: methods and a path"),
    "mcp": (
        (ToolGrant, ResourceGrant, PromptGrant, AskingGrant),
        "list tools, as bailiwick integration import-mcp writes them; resources, prompts",
    ),
    "smtp": ((MailGrant,), "list senders and recipients"),
}


def require_sound(
    integration: Integration,
    planes: Mapping[str, Environment],
    secrets: Mapping[str, Environment],
    leased: Collection[str] = (),
) -> None:
    """Return for an integration that can be registered; raise `InvalidInputError` with what is wrong otherwise.

    `planes` are those that there are, `secrets` those that the vault knows, each with its environment; `leased` are the
    names of those that stand for accounts which a store makes.
    """
    if not _NAME.fullmatch(integration.name):
        raise InvalidInputError(
            f"'{integration.name[:80]}' cannot name an integration",
            hint="use a-z, 0-9 and -, beginning with a letter, 63 characters at most",
        )
    if not _OWNER.fullmatch(integration.owner):
        raise InvalidInputError("an integration has an owner", hint="owner: user:ann@example.com, or a group")
    _require_kind(integration)
    _require_places(integration, planes)
    require_secrets(integration, planes, secrets)
    require_account_taken(integration, leased)


def _require_kind(integration: Integration) -> None:
    kinds = {connection.kind for connection in integration.connections.values()}
    if kinds != {integration.kind}:
        raise InvalidInputError(
            f"the connections of '{integration.name}' are not all of the kind {integration.kind}",
            hint=f"an integration is one kind of system: {' or '.join(_OFFERS)}",
        )
    kinds_of_offers, listed = _OFFERS[integration.kind]
    for rule, offers in integration.offers.items():
        if not re.fullmatch(ACCESS_RULE, rule):
            raise InvalidInputError(f"'{rule[:80]}' cannot name an access", hint="as in manifests: orders:read")
        if not offers or not all(isinstance(offer, kinds_of_offers) for offer in offers):
            raise InvalidInputError(
                f"the access '{rule}' opens nothing of a system of the kind {integration.kind}",
                hint=listed,
            )
        for offer in offers:
            if isinstance(offer, TableGrant):
                _require_table(rule, offer)
                _require_masks(rule, offer)
                _require_log(rule, offer)
                _require_days(rule, offer, integration.kind)


def _require_table(rule: str, table: TableGrant) -> None:
    """Refuse a grant whose parts do not fit each other: no statement could ever be held to it."""
    names = [column.name for column in table.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"the access '{rule}' says two things of {table.relation}.{twice[0]}", hint="say one")
    _require_groups(rule, table)
    writable = {column.name for column in table.columns if column.writable}
    changed = sorted({check.column for check in table.checks} - writable)
    if changed:
        raise InvalidInputError(
            f"the access '{rule}' checks {table.relation}.{changed[0]}, which nobody may write",
            hint="checks are about columns with writable: true",
        )
    vague = [*table.checks] + ([*conditions_of(table.rows)] if Operation.INSERT in table.operations else [])
    either = Operation.INSERT in table.operations and any(isinstance(found, AnyOf) for found in table.rows)
    if either or not all(condition.is_exact for condition in vague):
        raise InvalidInputError(
            f"the access '{rule}' limits new rows of {table.relation} in a way that they cannot be held to",
            hint="say it with equals, one_of, at_least or at_most, or do not let it insert",
        )


def _require_masks(rule: str, table: TableGrant) -> None:
    """Refuse masks with the key where somebody could try what values come to."""
    tried = [column.name for column in table.columns if column.is_keyed and column.writable]
    if tried:
        raise InvalidInputError(
            f"the access '{rule}' lets {table.relation}.{tried[0]} be written, and shows what its values come to",
            hint="whoever writes a value would learn the hash, digits or noise of it: mask it otherwise",
        )


def _require_days(rule: str, table: TableGrant, kind: str) -> None:
    """Refuse conditions that go with the time where new rows cannot be held to them."""
    rolling = [found.column for found in table.checks if found.within_days is not None]
    if rolling and kind != "postgresql":
        raise InvalidInputError(
            f"the access '{rule}' holds new rows of {table.relation} to the days that passed, which is for PostgreSQL"
            " only",
            hint="check them by equals, or not by their day",
        )


def _require_log(rule: str, table: TableGrant) -> None:
    """Refuse to log rows by what statements cannot tell."""
    if table.row_log is None:
        return
    plain = {column.name for column in table.columns if column.readable and column.mask is None}
    unknown = sorted(set(table.row_log.key) - plain)
    if unknown:
        raise InvalidInputError(
            f"the access '{rule}' logs rows of {table.relation} by {unknown[0]}, which it does not show",
            hint="the key of a row log is columns that are read without a mask",
        )


def _require_groups(rule: str, table: TableGrant) -> None:
    readable = {column.name for column in table.columns if column.readable}
    unknown = sorted(set(table.groups) - readable)
    grouped = [column.name for column in table.columns if column.in_groups_of is not None]
    if unknown or (table.groups and not grouped):
        raise InvalidInputError(
            f"the access '{rule}' groups {table.relation} by {(unknown or table.groups)[0]} to no end",
            hint="groups are columns that may be read; another has in_groups_of",
        )


def _require_places(integration: Integration, planes: Collection[str]) -> None:
    unknown = sorted(set(integration.connections) - set(planes))
    if unknown:
        raise InvalidInputError(
            f"there is no plane '{unknown[0][:40]}'", hint=f"there are: {', '.join(sorted(planes))}"
        )
    places = [connection.model_dump_json() for connection in integration.connections.values()]
    if len(set(places)) < len(places):
        raise InvalidInputError(
            f"two planes would use '{integration.name}' as the same account at the same place",
            hint="give the editor one that sees no production data, or none",
        )
