"""The places of the console as a table: where the bar on top and the palette lead, and which pages are where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the bar on top: every page whose address begins with one of `holds` is under it. `counts` names what
    waits there.
    """

    href: str
    words: str
    holds: tuple[str, ...]
    counts: str = ""
    here: bool = False
    waiting: int = 0


TOP = (
    Place("/inventory/apps", "Inventory", ("/inventory", "/apps", "/map")),
    Place("/studio", "Studio", ("/studio",)),
    Place("/approvals", "Approvals", ("/approvals", "/approval-rules"), "approvals"),
    Place(
        "/access",
        "Access",
        ("/people", "/roles", "/who-can", "/access", "/all-sessions", "/directories", "/services"),
        "access",
    ),
    Place("/findings", "Review", ("/findings", "/waivers", "/unsafe", "/standards", "/packages")),
    Place("/policies", "Policies", ("/policies",)),
    Place("/audit", "Audit", ("/audit", "/queries", "/exporters", "/telemetry", "/retention")),
    Place("/anomalies", "Anomalies", ("/anomalies", "/alerts")),
    Place("/assurance", "Assurance", ("/assurance",)),
    Place("/models", "Models", ("/model", "/prompt-logs", "/redaction")),
    Place("/operations", "Operations", ("/operations", "/planes", "/settings")),
    Place("/kill", "Kill switch", ("/kill", "/freezes", "/guardrails")),
)

# What the palette offers on every page, beside apps, people and whatever is found by words: dangerous things first.
COMMANDS = (
    ("/freezes", "Freeze deploys …"),
    ("/", "Overview"),
    ("/inventory/apps", "Apps"),
    ("/map", "Map of apps, integrations, models and people"),
    ("/inventory/builders", "Builders"),
    ("/inventory/prompts", "Prompts that made apps"),
    ("/inventory/calls", "API calls"),
    ("/inventory/packages", "Packages in running apps"),
    ("/inventory/identities", "Service identities: the whole list"),
    ("/inventory/integrations", "Integrations: the whole list"),
    ("/inventory/models", "Models: the whole list"),
    ("/first-run", "First steps of an installation"),
    ("/studio", "Studio: from a sentence to an app"),
    ("/approvals", "Approvals"),
    ("/approval-rules", "Rules of approval"),
    ("/access", "People"),
    ("/roles", "Roles"),
    ("/who-can", "Who can …?"),
    ("/access-reviews", "Access reviews"),
    ("/all-sessions", "Sessions of everybody"),
    ("/findings", "Findings"),
    ("/waivers", "Waivers"),
    ("/unsafe", "Unsafe releases"),
    ("/guardrails", "Guardrails of apps at work"),
    ("/policies", "Policies"),
    ("/standards", "Coding standards"),
    ("/packages", "Packages: what is known of them"),
    ("/assurance", "Assurance: the controls and their evidence"),
    ("/anomalies", "Anomalies: what stands out"),
    ("/alerts", "Alerts and their rules"),
    ("/audit", "Audit search"),
    ("/queries/who", "Who ran this query?"),
    ("/retention", "Retention of the audit log, and holds"),
    ("/sessions", "Your sessions and programs"),
    ("/delegations", "Delegations: who approves for whom"),
    ("/connections", "Your connections at other services"),
    ("/notices", "Notices: mail and chats"),
    ("/directories", "Directory"),
    ("/services", "Service identities"),
    ("/exporters", "Audit exporters"),
    ("/telemetry", "Register of telemetry: what leaves, field by field"),
    ("/prompt-logs", "Prompt logs"),
    ("/redaction", "Try redaction on a text"),
    ("/model-inventory", "What leaves for models"),
    ("/integrations", "Integrations: business systems and what they offer"),
    ("/sql-functions", "Functions of databases that apps may call"),
    ("/models", "Models and their budgets"),
    ("/secrets", "Secrets and their rotation"),
    ("/operations", "Operations: planes, jobs, upgrades, backups, settings"),
    ("/planes", "Data planes and their networks"),
    ("/settings", "Settings"),
    ("/help", "Help"),
)


def places(here: str, *, approvals: int, reviews: int) -> Sequence[Place]:
    """Return the places of the bar as a page at `here` shows them, with what waits for its visitor."""
    waiting = {"approvals": approvals, "access": reviews}
    found = [replace(place, here=here.startswith(place.holds), waiting=waiting.get(place.counts, 0)) for place in TOP]
    # Where reviews of access wait, the place leads to them.
    return [
        replace(place, href="/access-reviews") if place.counts == "access" and reviews else place for place in found
    ]
