"""The one way in which credentials end, of people and of services: whoever takes access away comes through here."""

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.tables import DirectoryTokenRow, PersonRow, ServiceRow
from bailiwick.core.events import AuditEvent

_BEYOND_THE_LOST = 10_000


def revoke(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    """End everything that people hold, in the caller's transaction: sessions, tokens, codes, passes and whatever hangs
    on them, because each carries the epoch that it was made under.

    `emails` are addresses of people, `by` is the written name of whoever does it. Tell planes once the transaction is
    durable: the new epochs are part of their desired state.
    """
    if not emails:
        return
    _raise_epochs(session, audit, emails, by=by, reason=reason)
    # Their consents were given under earlier epochs: somebody else may get the address.
    cut = update(PersonRow).where(PersonRow.email.in_(emails)).values(cut=PersonRow.epoch)
    session.execute(cut.execution_options(synchronize_session="fetch"))
    # Whoever leaves knows the secrets of the directories that they set up.
    session.execute(delete(DirectoryTokenRow).where(DirectoryTokenRow.owner.in_(emails)))


def renew(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    """End what people hold because it says things of them that are no longer so, or because they no longer trust it
    themselves: they sign in again and go on.

    Unlike `revoke` this leaves the tokens of directories that they look after, and what they consented to.
    """
    if emails:
        _raise_epochs(session, audit, emails, by=by, reason=reason)


def revoke_services(session: Session, audit: AuditLog, names: Collection[str], *, by: str, reason: str) -> None:
    """End everything that service identities and agents hold, also what agents hold for people, as `revoke` does.

    `names` are written names such as `agent:claude-code`.
    """
    if names:
        raised = update(ServiceRow).where(ServiceRow.name.in_(names)).values(epoch=ServiceRow.epoch + 1)
        session.execute(raised.execution_options(synchronize_session="fetch"))
        _note(session, audit, names, by=by, reason=reason)


def revoke_everybody(session: Session, audit: AuditLog, *, by: str, reason: str) -> None:
    """End everything that anybody holds, people, services and agents, after the database itself went back in time.

    Epochs rise by more than they can have risen since, so that data planes that saw later ones believe these.
    """
    for table in (PersonRow, ServiceRow):
        raised = update(table).values(epoch=table.epoch + _BEYOND_THE_LOST)
        session.execute(raised.execution_options(synchronize_session=False))
    _note(session, audit, ["everybody"], by=by, reason=reason)


def _raise_epochs(session: Session, audit: AuditLog, emails: Collection[str], *, by: str, reason: str) -> None:
    raised = update(PersonRow).where(PersonRow.email.in_(emails)).values(epoch=PersonRow.epoch + 1)
    session.execute(raised.execution_options(synchronize_session="fetch"))
    _note(session, audit, [f"user:{email}" for email in emails], by=by, reason=reason)


def _note(session: Session, audit: AuditLog, names: Collection[str], *, by: str, reason: str) -> None:
    now = audit.clock()
    events = [
        AuditEvent(time=now, actor=by, action="principal.revoked", resource=name, reason=reason)
        for name in sorted(names)
    ]
    audit.append_all(session, events)
