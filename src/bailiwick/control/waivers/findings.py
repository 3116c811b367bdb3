"""Findings across the apps that somebody may see, to be mended or waived."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bailiwick.control.catalog import CatalogService
from bailiwick.control.review import AppFinding, FindingFilter, newest_findings
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Identity

_BATCH = 200


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Findings by app, the worst of an app first, and the cursor of the next page (empty at the end)."""

    findings: tuple[AppFinding, ...]
    cursor: str


class FindingBook:
    """SQL finds candidates, policy decides about each app. The caller brings the transaction."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def list(
        self, session: Session, identity: Identity, wanted: FindingFilter, *, cursor: str = "", limit: int = 50
    ) -> FindingPage:
        """Return findings of the newest review of each app that the asker may read."""
        found: list[AppFinding] = []
        after = _place(cursor)
        while len(found) <= limit:
            batch = newest_findings(session, wanted, after=after, limit=_BATCH)
            readable = self._catalog.readable(session, identity, {item.app for item in batch})
            found += [item for item in batch if item.app in readable]
            if len(batch) < _BATCH:
                break
            after = (batch[-1].app, batch[-1].place)
        page = tuple(found[:limit])
        return FindingPage(page, f"{page[-1].app}:{page[-1].place}" if len(found) > limit else "")


def _place(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", -1
    app, _, place = cursor.rpartition(":")
    if not place.isdecimal() or len(place) > 9:  # noqa: PLR2004 - fits into the column
        raise InvalidInputError("this cursor is not one of ours", hint="start again without a cursor")
    return app, int(place)
