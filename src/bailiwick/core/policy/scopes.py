"""Scopes: what lies above a resource, from its written name alone."""

from bailiwick.core.errors import InvalidInputError

ORGANIZATION = "organization:default"
ENTITY_TYPES = {
    "organization": "Organization",
    "folder": "Folder",
    "app": "App",
    "integration": "Integration",
    "secret": "Secret",
    "model": "Model",
}


def scope_chain(resource: str) -> list[str]:
    """Return the scopes whose roles count on a resource, nearest first, from its written name alone.

    `app:finance/eu/desk` is in `folder:finance/eu`, that in `folder:finance`, and all in the organisation; secrets of
    folders are named alike.
    """
    kind, _, path = resource.partition(":")
    if kind not in ENTITY_TYPES or not path:
        raise InvalidInputError(f"'{resource[:80]}' does not name a resource", hint="write it as kind:name")
    scopes = [resource]
    if kind in {"app", "folder", "secret"}:
        parts = path.split("/")
        scopes += [f"folder:{'/'.join(parts[:length])}" for length in range(len(parts) - 1, 0, -1)]
    return scopes if resource == ORGANIZATION else [*scopes, ORGANIZATION]
