"""Accounts in connected systems, as data planes found them: who else may sign in there beside us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.integrations.tables import AccountRow
from bailiwick.core.events import ContextFact
from bailiwick.core.messages import Account, AccountsReport


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account of a connected system. `connected` is when it was last seen to be connected, None for never."""

    integration: str
    plane: str
    name: str
    superuser: bool
    member_of: tuple[str, ...]
    expires: datetime | None
    found: datetime
    connected: datetime | None


@dataclass(frozen=True, slots=True)
class AccountBook:
    """Remembers what planes saw; what is new, gone or more powerful than before is an audit event."""

    audit: AuditLog

    def record(self, session: Session, plane: str, report: AccountsReport) -> None:
        """Bring what is known of a system up to what a plane saw; a report older than the last changes nothing."""
        query = select(AccountRow).where(AccountRow.integration == report.integration, AccountRow.plane == plane)
        known = {row.name: row for row in session.scalars(query.with_for_update())}
        if any(row.seen > report.time for row in known.values()):
            return
        first = not known
        for account in report.accounts:
            row = known.pop(account.name, None)
            if row is None:
                session.add(_row(plane, report, account))
                # At the first look all are new, which says nothing.
                if not first:
                    self._note(session, plane, report.integration, "account.appeared", account.name)
                continue
            if account.superuser and not row.superuser:
                self._note(session, plane, report.integration, "account.became-superuser", account.name)
            row.superuser, row.member_of, row.expires = account.superuser, list(account.member_of), account.expires
            row.seen = report.time
            row.connected = report.time if account.connected else row.connected
        for row in known.values():
            session.delete(row)
            self._note(session, plane, report.integration, "account.vanished", row.name)

    def accounts(self, session: Session) -> Sequence[FoundAccount]:
        """Return every account that is known."""
        query = select(AccountRow).order_by(AccountRow.integration, AccountRow.plane, AccountRow.name)
        return [
            FoundAccount(
                row.integration,
                row.plane,
                row.name,
                row.superuser,
                tuple(row.member_of),
                row.expires,
                row.found,
                row.connected,
            )
            for row in session.scalars(query)
        ]

    def _note(self, session: Session, plane: str, integration: str, action: str, name: str) -> None:
        context: dict[str, ContextFact] = {"account": name}
        self.audit.note(session, f"plane:{plane}", action, f"integration:{integration}", plane=plane, context=context)


def _row(plane: str, report: AccountsReport, account: Account) -> AccountRow:
    return AccountRow(
        integration=report.integration,
        plane=plane,
        name=account.name,
        superuser=account.superuser,
        member_of=list(account.member_of),
        expires=account.expires,
        found=report.time,
        seen=report.time,
        connected=report.time if account.connected else None,
    )
