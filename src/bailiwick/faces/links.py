"""From an audit event to the pages of what it is about, for the console and the API."""

import re
from urllib.parse import quote, urlencode

from bailiwick.core.events import AuditEvent

# What is no path of a page in any sense: it is escaped besides, but a link must not leave its kind of page.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


def links_of(event: AuditEvent) -> dict[str, str]:
    """Return paths of the console by what they lead to: what it was done to, through which app, by whom."""
    found = {
        "resource": _resource(event.resource),
        "app": _page("apps", event.app),
        "review": _page("reviews", event.context.get("review")),
        "deploy": _page("approvals", event.context.get("deploy")),
        "release": search_page(f"release={event.release}") if event.release else "",
        "request": search_page(f"trace={event.trace}") if event.trace else "",
        "person": search_page(f"actor={event.actor}"),
        "acting for": search_page(f"actor={event.acting_for}") if event.acting_for else "",
    }
    return {name: path for name, path in found.items() if path}


def search_page(*terms: str) -> str:
    """Return the audit page of a search."""
    return f"/audit?{urlencode([('q', term) for term in terms])}"


def _resource(resource: str) -> str:
    kind, _, name = resource.partition(":")
    return _page("apps", name) if kind == "app" else search_page(f"resource={resource}")


def _page(kind: str, name: object) -> str:
    return f"/{kind}/{quote(name)}" if isinstance(name, str) and _NAME.fullmatch(name) else ""
