"""Checks what somebody registers: that it can be named, that its parts fit each other, and that editor and production
are told apart.
"""

import re
from collections.abc import Collection

from bailiwick.control.integrations.model import Integration
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import TableGrant
from bailiwick.core.manifest import ACCESS_RULE

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_OWNER = re.compile(r"(user|group|service):[!-~]{1,200}")
_DATABASES, _SERVICE = frozenset({"postgresql", "mysql", "sqlite", "duckdb"}), "http"


def require_sound(integration: Integration, planes: Collection[str], secrets: Collection[str]) -> None:
    """Return for an integration that can be registered; raise `InvalidInputError` with what is wrong otherwise.

    `planes` are those that there are, `secrets` the names that the vault knows.
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
    missing = sorted(_secrets(integration) - set(secrets))
    if missing:
        raise InvalidInputError(
            f"the vault has no secret '{missing[0]}'", hint=f"bailiwick secret put {missing[0]} < FILE, then again"
        )


def _require_kind(integration: Integration) -> None:
    kinds = {connection.kind for connection in integration.connections.values()}
    if kinds != {integration.kind}:
        raise InvalidInputError(
            f"the connections of '{integration.name}' are not all of the kind {integration.kind}",
            hint=f"an integration is one kind of system: {', '.join(sorted(_DATABASES))} or {_SERVICE}",
        )
    for rule, offers in integration.offers.items():
        if not re.fullmatch(ACCESS_RULE, rule):
            raise InvalidInputError(f"'{rule[:80]}' cannot name an access", hint="as in manifests: orders:read")
        tables = [isinstance(offer, TableGrant) for offer in offers]
        if not offers or (not all(tables) if integration.kind in _DATABASES else any(tables)):
            raise InvalidInputError(
                f"the access '{rule}' opens nothing of a system of the kind {integration.kind}",
                hint="list tables with columns" if integration.kind in _DATABASES else "list calls: methods and a path",
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


def _secrets(integration: Integration) -> set[str]:
    return {name for connection in integration.connections.values() for name in connection.secrets}
