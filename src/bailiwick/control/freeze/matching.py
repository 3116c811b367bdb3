"""Whether a freeze covers a release: facts in, the reason out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bailiwick.control.freeze.model import FreezeKind, Scope
from bailiwick.control.review import Contained, version_range


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one release. `unread` says that a file which names packages could not be read; `free_of` says
    for rules whether its newest review found nothing by them.
    """

    app: str
    integrations: frozenset[str]
    packages: Sequence[Contained] = ()
    unread: bool = False
    free_of: Mapping[str, bool] = field(default_factory=dict)


def why_covered(scope: Scope, facts: Facts) -> str:
    """Return by what a scope covers a release, in words; empty when it does not. What is not known is covered."""
    match scope.kind:
        case FreezeKind.EVERYTHING:
            return "everything is frozen"
        case FreezeKind.FOLDER:
            return f"it is in {scope.subject}" if facts.app.startswith(f"{scope.subject}/") else ""
        case FreezeKind.INTEGRATION:
            return f"it uses {scope.subject}" if scope.subject in facts.integrations else ""
        case FreezeKind.RULE:
            return (
                ""
                if facts.free_of.get(scope.subject)
                else f"its newest review does not find it free of {scope.subject}"
            )
        case FreezeKind.PACKAGE:
            return _by_package(scope, facts)


def _by_package(scope: Scope, facts: Facts) -> str:
    frozen = version_range(scope.ecosystem, scope.versions)
    for item in facts.packages:
        if (item.ecosystem, item.name) == (scope.ecosystem, scope.subject) and frozen.holds(item.version):
            return f"it contains {item.name} {item.version or 'of an unknown version'} ({item.path})"
    return f"a file that names its packages cannot be read, so it may contain {scope.subject}" if facts.unread else ""
