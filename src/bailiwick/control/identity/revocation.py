"""The one way in which a person's credentials end: whoever takes access away comes through here."""

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.tables import DirectoryTokenRow, PersonRow
from bailiwick.core.events import AuditEvent


def revoke(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    """End everything that people hold, in the caller's transaction: sessions, tokens, codes, passes and whatever hangs
    on them, because each carries the epoch that it was made under.

    `emails` are addresses of people, `by` is the written name of whoever does it. Tell planes once the transaction is
    durable: the new epochs are part of their desired state.
    """
    if not emails:
        return
    _raise_epochs(session, audit, emails, by=by, reason=reason)
    # Whoever leaves knows the secrets of the directories that they set up.
    session.execute(delete(DirectoryTokenRow).where(DirectoryTokenRow.owner.in_(emails)))


def renew(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    """End what people hold because it says things of them that are no longer so, or because they no longer trust it
    themselves: they sign in again and go on.

    Unlike `revoke` this leaves the tokens of directories that they look after.
    """
    if emails:
        _raise_epochs(session, audit, emails, by=by, reason=reason)


def _raise_epochs(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    raised = update(PersonRow).where(PersonRow.email.in_(emails)).values(epoch=PersonRow.epoch + 1)
    session.execute(raised.execution_options(synchronize_session="fetch"))
    now = audit.clock()
    audit.append_all(
        session,
        [
            AuditEvent(time=now, actor=by, action="principal.revoked", resource=f"user:{email}", reason=reason)
            for email in sorted(emails)
        ],
    )
