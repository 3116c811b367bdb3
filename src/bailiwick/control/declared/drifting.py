"""What drifted: noted once, when it is found and when it is over."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.declared.tables import SettingsDriftRow

_BY_ITSELF = "service:settings"
_MOST_LINES = 50
_LONGEST = 1000


def note_drift(
    session: Session,
    audit: AuditLog,
    now: datetime,
    *,
    place: str,
    who: str,
    changed: datetime | None,
    lines: Sequence[str],
) -> None:
    """Remember what is elsewhere in a place than the newest version says; no lines end what was."""
    name = hashlib.sha256("\n".join([place, *lines]).encode()).hexdigest()[:32]
    known = False
    query = select(SettingsDriftRow).where(SettingsDriftRow.place == place, SettingsDriftRow.ended.is_(None))
    for row in session.scalars(query.with_for_update()):
        known = known or row.id.startswith(name)
        if not row.id.startswith(name):
            row.ended = now
            audit.note(session, _BY_ITSELF, "settings.drift-ended", "installation", context={"place": place})
    if not lines or known:
        return
    drift = SettingsDriftRow(
        id=f"{name}-{now:%Y%m%d%H%M%S%f}",
        place=place,
        who=who,
        changed=changed,
        lines=list(lines[:_MOST_LINES]),
        found=now,
    )
    session.add(drift)
    context = {"place": place, "who": who, "changed": f"{changed or ''}", "changes": short(lines)}
    audit.note(session, _BY_ITSELF, "settings.drifted", "installation", context=context)


def short(lines: Sequence[str]) -> str:
    """Return lines as the audit log has them."""
    return "; ".join(lines)[:_LONGEST]
