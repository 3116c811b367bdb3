"""The rows of lists that are short enough to be at hand: integrations, models, and identities that are no people."""

from collections.abc import Iterable, Mapping, Sequence

from bailiwick.control.integrations import Integration
from bailiwick.control.inventory import Entry, Kind
from bailiwick.control.listings.model import Column, Listing, Row
from bailiwick.core.messages import ModelState

INTEGRATIONS = Listing(
    "integrations",
    "Integrations",
    (
        Column("integration", "Integration"),
        Column("kind", "Kind", "state", ("postgresql", "mysql", "sqlite", "duckdb", "bigquery", "snowflake", "http",
                                         "mcp", "smtp")),
        Column("state", "State", "state", ("enabled", "switched off")),
        Column("apps", "Apps", "number"),
        Column("offers", "Offers", "number"),
        Column("data", "Data classes"),
        Column("planes", "Planes"),
        Column("folder", "Folder", "code"),
        Column("owner", "Owner", "code"),
        Column("about", "About", usual=False),
    ),
    "integration",
    "integration",
)  # fmt: skip
MODELS = Listing(
    "models",
    "Models",
    (
        Column("model", "Model"),
        Column("state", "State", "state", ("available", "stopped")),
        Column("upstream", "Upstream's name", "code"),
        Column("wire", "Wire", "state", ("openai", "anthropic")),
        Column("environments", "Environments"),
        Column("open_to", "Open to", "code"),
        Column("data", "Data classes"),
        Column("regions", "Regions"),
        Column("prompts", "Prompts kept", "state", ("off", "metadata", "redacted", "full")),
    ),
    "model",
    "model",
)
IDENTITIES = Listing(
    "identities",
    "Service identities",
    (
        Column("identity", "Identity", "code"),
        Column("kind", "Kind", "state", tuple(Kind)),
        Column("flags", "To look at"),
        Column("owner", "Owner", "code"),
        Column("purpose", "Purpose"),
        Column("scope", "May"),
        Column("how", "Proves itself by", usual=False),
        Column("made", "Made", "time", usual=False),
        Column("expires", "Expires", "time", usual=False),
        Column("used", "Last used", "time"),
    ),
    "identity",
    "identity",
)


def integration_rows(
    found: Iterable[Integration], users: Mapping[str, Sequence[str]], classes: Mapping[str, str]
) -> list[Row]:
    """Return integrations as rows; `users` are the apps that use each, `classes` those of its columns."""
    return [
        {
            "integration": item.name,
            "kind": item.kind,
            "state": "enabled" if item.enabled else "switched off",
            "apps": len(users.get(item.name, ())),
            "offers": len(item.offers),
            "data": classes.get(item.name, ""),
            "planes": ", ".join(sorted(item.connections)),
            "folder": item.folder,
            "owner": item.owner,
            "about": item.description,
        }
        for item in found
    ]


def model_rows(found: Iterable[ModelState]) -> list[Row]:
    """Return models as rows."""
    return [
        {
            "model": item.name,
            "state": "stopped" if item.stopped else "available",
            "upstream": item.model,
            "wire": item.family,
            "environments": ", ".join(sorted(item.environments)),
            "open_to": ", ".join(sorted(item.open_to)),
            "data": "any in the editor"
            if item.data_classes is None
            else ", ".join(sorted(item.data_classes)) or "none",
            "regions": ", ".join(sorted(item.regions)) or "any",
            "prompts": item.logs,
        }
        for item in found
    ]


def identity_rows(found: Iterable[Entry]) -> list[Row]:
    """Return identities as rows."""
    return [
        {
            "identity": item.name,
            "kind": item.kind.value,
            "flags": ", ".join(flag.value for flag in item.flags),
            "owner": item.owner,
            "purpose": item.purpose,
            "scope": "; ".join(item.scope),
            "how": item.how,
            "made": item.made,
            "expires": item.expires,
            "used": item.last_used,
        }
        for item in found
    ]
