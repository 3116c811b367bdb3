"""Which standards are in force where: those of the organisation and of every folder above an app, all of them."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.identity import ORGANIZATION
from bailiwick.control.review import StandardText, read_standard
from bailiwick.control.standards.tables import StandardVersionRow
from bailiwick.control.versions import State
from bailiwick.core.clock import Clock


class StandardRegister:
    """Answers reviews. The caller brings the transaction.

    A folder adds to what stands above it and takes nothing away: there is no rule that switches another one off.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def in_force(self, session: Session, app_path: str) -> tuple[StandardText, ...]:
        """Return the standards that an app is held to, those of the organisation first."""
        scopes = scopes_above(app_path)
        query = select(StandardVersionRow).where(
            StandardVersionRow.state == State.ACTIVE, StandardVersionRow.scope.in_(scopes)
        )
        rows = sorted(session.scalars(query), key=lambda row: (scopes.index(row.scope), row.name))
        return tuple(StandardText(row.name, row.version, row.scope, row.text) for row in rows)

    def name_of_standards(self, session: Session) -> str:
        """Return a name for all that is in force: another one after each change, and when a warning becomes a block."""
        query = select(StandardVersionRow).where(StandardVersionRow.state == State.ACTIVE)
        rows = session.scalars(query.order_by(StandardVersionRow.name)).all()
        if not rows:
            return ""
        today = self._clock().date()
        facts = []
        for row in rows:
            until = read_standard(row.name, row.text).warn_until
            facts.append(f"{row.name}@{row.version} {until is not None and today <= until}")
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def scopes_above(app_path: str) -> list[str]:
    """Return where standards of an app may stand: the organisation, then its folders from the top."""
    folders = app_path.split("/")[:-1]
    return [ORGANIZATION, *(f"folder:{'/'.join(folders[: end + 1])}" for end in range(len(folders)))]
