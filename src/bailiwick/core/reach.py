"""Reach: all that an app may touch, from its manifest and its grants, as one value that approvals are bound to."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from bailiwick.core.events import canonical_json
from bailiwick.core.grants import DataGrant
from bailiwick.core.manifest import Manifest
from bailiwick.core.static_site import STRICT_POLICY


class Granted(Protocol):
    """An integration as an app gets it: see `core.messages.IntegrationState`."""

    @property
    def name(self) -> str:
        """What the app's code calls it."""

    @property
    def resource(self) -> str:
        """Which it is."""

    @property
    def grant(self) -> DataGrant:
        """What is open."""

    @property
    def webhooks(self) -> Mapping[str, str]:
        """The app's paths for what it sends, by name."""


class IntegrationReach(BaseModel):
    """One integration in reach: the name in the app's code, the resource behind it, the grant, and the app's paths for
    what it sends by itself, as `name /path`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    resource: str
    grant: DataGrant
    webhooks: tuple[str, ...] = ()

    @classmethod
    def of(cls, state: Granted) -> "IntegrationReach":
        """Return the reach of an integration as an app gets it."""
        webhooks = tuple(f"{name} {path}" for name, path in sorted(state.webhooks.items()))
        return cls(name=state.name, resource=state.resource, grant=state.grant, webhooks=webhooks)


class Reach(BaseModel):
    """What an app may touch and use: data, a database and files of its own, hosts, models, jobs, workers, limits, and
    the kinds of data that it says it handles. `pages` is what browsers let its static pages do, where that is not the
    strict policy; memory and processor are 0 where nothing runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    integrations: tuple[IntegrationReach, ...]
    egress: tuple[str, ...]
    models: tuple[str, ...]
    jobs: tuple[str, ...]
    data_classes: tuple[str, ...]
    memory_bytes: int
    cpu: float
    requests_per_second: int
    capabilities: tuple[str, ...] = ()
    database: bool = False
    storage_bytes: int = 0
    workers: tuple[str, ...] = ()
    pages: str = ""

    def digest(self) -> str:
        """Return the SHA-256 (64 hex digits) of the reach in canonical JSON: equal exactly when the reach is."""
        document = self.model_dump(mode="json")
        # What was signed before there were any stays what it is.
        for newer in ("capabilities", "database", "storage_bytes", "workers", "pages"):
            if not document[newer]:
                del document[newer]
        for integration in document["integrations"]:
            if not integration["webhooks"]:
                del integration["webhooks"]
            _say_grant(integration["grant"])
        return hashlib.sha256(canonical_json(document)).hexdigest()


def reach_of(manifest: Manifest, integrations: Iterable[IntegrationReach], capabilities: Iterable[str] = ()) -> Reach:
    """Return the reach that a manifest, the grants for its integrations and what is open for the app make together."""
    return Reach(
        integrations=tuple(sorted(integrations, key=lambda item: item.name)),
        egress=tuple(sorted(item.reach for item in manifest.egress.declared)),
        models=tuple(sorted(model.use for model in manifest.models.values())),
        jobs=tuple(sorted(f"{name}: {job.words} {job.run}" for name, job in manifest.jobs.items())),
        data_classes=tuple(sorted(manifest.app.data_classes)),
        memory_bytes=manifest.limits.memory_bytes if not manifest.app.is_static else 0,
        cpu=manifest.limits.cpu if not manifest.app.is_static else 0,
        requests_per_second=manifest.limits.requests_per_second,
        capabilities=tuple(sorted(capabilities)),
        database=manifest.database is not None,
        storage_bytes=manifest.storage.bytes if manifest.storage is not None else 0,
        workers=tuple(sorted(f"{name}: {worker.words}" for name, worker in manifest.workers.items())),
        pages=_pages_of(manifest),
    )


def _say_grant(grant: dict[str, Any]) -> None:
    """Leave out of a grant what it does not say of things that came later; what has no order gets one."""
    grant["tables"] = list(map(_said_of_table, grant["tables"]))
    for request in grant["requests"]:
        request["methods"] = sorted(request["methods"])
        for newer in ("links", "hide", "rules"):
            if not request[newer]:
                del request[newer]
    for served in grant["served"]:
        if "server_asks" in served:
            served["server_asks"] = sorted(served["server_asks"])
    for newer in ("requests", "mail", "served"):
        if not grant[newer]:
            del grant[newer]


def _said_of_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the grant of a table without what it does not say of things that came later."""
    later = {"checks", "groups", "purpose", "until", "per_day", "row_log"}
    return {
        **{name: value for name, value in table.items() if value or name not in later},
        "operations": sorted(table["operations"]),
        "rows": list(map(_said, table["rows"])),
        "columns": [
            {name: value for name, value in column.items() if value or name not in {"in_groups_of", "mask_for"}}
            for column in table["columns"]
        ],
    }


def _said(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule about rows without the comparisons that it does not make; two were always written down."""
    always = {"equals", "equals_attribute"}
    return {
        name: list(map(_said, value)) if name in {"any_of", "all_of"} else value
        for name, value in rule.items()
        if value is not None or name in always
    }


def _pages_of(manifest: Manifest) -> str:
    policy = manifest.static.content_security_policy if manifest.static is not None else STRICT_POLICY
    return policy if policy != STRICT_POLICY else ""
