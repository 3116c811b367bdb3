"""Who answers for what is no person: owners of services, and the people that agents work for."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bailiwick.control.identity.services.tables import ServiceKeyRow
from bailiwick.control.identity.tables import PersonRow, ServiceRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.principals import Principal


def is_there(session: Session, owner: str) -> bool:
    """Return whether somebody answers under this name: an active person, or a group with one in it."""
    return owner in there(session, [owner])


def there(session: Session, owners: Collection[str]) -> frozenset[str]:
    """Return those of the owners under whose name somebody answers, with one question to the database each kind."""
    emails = [owner.removeprefix("user:") for owner in owners if owner.startswith("user:")]
    groups = [owner.removeprefix("group:") for owner in owners if owner.startswith("group:")]
    active = session.scalars(select(PersonRow.email).where(PersonRow.active, PersonRow.email.in_(emails)))
    found = {f"user:{email}" for email in active}
    if groups:
        in_any = or_(*(PersonRow.groups.contains([group]) for group in groups))
        members = session.scalars(select(PersonRow.groups).where(PersonRow.active, in_any))
        found |= {f"group:{group}" for of_one in members for group in of_one}
    return frozenset(found & set(owners))


def require_owner(session: Session, owner: str) -> None:
    """Return when somebody can answer under this name; raise `InvalidInputError` when nobody does."""
    if not owner.startswith(("user:", "group:")) or not is_there(session, owner):
        raise InvalidInputError(
            f"nobody answers as '{owner[:80]}'",
            hint="an owner is a person who signed in here (user:ada@example.com) or a group with one in it (group:ops)",
        )


def answering(session: Session, names: Collection[str]) -> frozenset[str]:
    """Return names with everybody who stands behind them: who let an agent work, who owns a service or holds its keys.

    Whoever stands behind what was written may not approve it either.
    """
    parsed = [Principal.parse(name) for name in names]
    behind = {principal.behalf for principal in parsed if principal.behalf}
    machines = {
        principal.own for principal in parsed if principal.kind in {"service", "agent"} and not principal.behalf
    }
    if machines:
        behind |= set(session.scalars(select(ServiceRow.owner).where(ServiceRow.name.in_(machines))))
        behind |= set(session.scalars(select(ServiceKeyRow.added_by).where(ServiceKeyRow.service.in_(machines))))
    return frozenset({*names, *behind})
