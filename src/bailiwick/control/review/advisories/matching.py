"""Whether an advisory speaks of a version, and which version mends it (OSV schema, "Evaluation")."""

from bailiwick.control.review.advisories.model import Advisory, Range
from bailiwick.control.review.advisories.versions import Key, key


def affects(advisory: Advisory, version: str) -> bool:
    """Return whether a version is affected. One that cannot be put in order is, unless the record lists versions."""
    if version in advisory.versions:
        return True
    wanted = key(advisory.ecosystem, version)
    if wanted is None:
        return bool(advisory.ranges) and not advisory.versions
    if any(key(advisory.ecosystem, listed) == wanted for listed in advisory.versions):
        return True
    if not advisory.ranges and not advisory.versions:
        return True  # a record that names the package alone speaks of all of it
    return any(_within(found, wanted, advisory.ecosystem) for found in advisory.ranges)


def mended_by(advisory: Advisory, version: str) -> str:
    """Return the lowest version above the given one that an advisory calls fixed; empty when it names none."""
    wanted = key(advisory.ecosystem, version)
    fixed = [
        (found, text)
        for item in advisory.ranges
        for kind, text in item.events
        if kind == "fixed" and (found := key(advisory.ecosystem, text)) is not None
        if wanted is None or found > wanted
    ]
    mends = sorted(fixed, key=lambda pair: pair[0])
    return next((text for _, text in mends if not affects(advisory, text)), "")


def _within(found: Range, wanted: Key, ecosystem: str) -> bool:
    """Walk the events in the order of their versions: affected is what an `introduced` comes before, and no end."""
    limits = [text for kind, text in found.events if kind == "limit" and text != "*"]
    keys = [key(ecosystem, text) for text in limits]
    if limits and not any(limit is None or wanted < limit for limit in keys):
        return False
    # At one version, what begins comes before what ends it.
    order = {"introduced": 0, "fixed": 1, "last_affected": 2}
    events = []
    for kind, text in found.events:
        at = None if text == "0" and kind == "introduced" else key(ecosystem, text)
        if kind in order and (at is not None or (kind, text) == ("introduced", "0")):
            events.append((at, order[kind], kind))
    inside = False
    lowest = [event for event in events if event[0] is None]
    for at, _, kind in [*lowest, *sorted((event for event in events if event[0] is not None), key=lambda e: e[:2])]:
        if kind == "introduced" and (at is None or wanted >= at):
            inside = True
        elif (kind == "fixed" and wanted >= at) or (kind == "last_affected" and wanted > at):
            inside = False
    return inside
