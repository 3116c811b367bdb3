"""People as administrators look at them: found by name, in pages, with what they hold now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bailiwick.control.identity.credentials import ABSOLUTE, IDLE, identity_of
from bailiwick.control.identity.directory import ResourceRow
from bailiwick.control.identity.tables import PersonRow, SessionRow, TokenRow
from bailiwick.core.principals import Identity, SignIn

_MOST = 200
# Questions about somebody are answered as if they had just signed in as policy wants it.
FRESH = SignIn(age_seconds=0, second_factor=True)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person with what is known of them; `signed_in` is None for whoever a directory named and who never came.

    `directory` is the one that describes them, empty when only an identity provider does.
    """

    email: str
    name: str
    active: bool
    groups: tuple[str, ...]
    attributes: Mapping[str, str]
    signed_in: datetime | None
    directory: str

    @property
    def principal(self) -> str:
        """The written name."""
        return f"user:{self.email}"

    @property
    def names(self) -> frozenset[str]:
        """Every name under which this person may hold a role."""
        return frozenset({self.principal, *(f"group:{group}" for group in self.groups)})


@dataclass(frozen=True, slots=True)
class LiveCredential:
    """A session or token that still opens something: never its secret."""

    kind: str
    purpose: str
    created: datetime
    ends: datetime


def find_people(
    session: Session,
    *,
    text: str = "",
    state: str = "",
    group: str = "",
    among: Collection[str] | None = None,
    cursor: str = "",
    limit: int = 50,
) -> tuple[list[PersonFacts], str]:
    """Return people by address, `limit` at most, and the cursor of what follows (empty at the end).

    `text` is looked for in name and address; `state` is "active", "off" or "" for both; `group` must hold them;
    `among` are written names of people and of groups, of which each person found is or is in one.
    """
    wanted = min(max(limit, 1), _MOST)
    conditions: list[ColumnElement[bool]] = [PersonRow.email > cursor]
    if text:
        matches = (column.icontains(text, autoescape=True) for column in (PersonRow.email, PersonRow.name))
        conditions.append(or_(*matches))
    if state:
        conditions.append(PersonRow.active.is_(state == "active"))
    if group:
        conditions.append(PersonRow.groups.contains([group]))
    if among is not None:
        conditions.append(_goes_by(among))
    query = _facts().where(*conditions).order_by(PersonRow.email).limit(wanted + 1)
    found = [_of(*row) for row in session.execute(query)]
    return found[:wanted], found[wanted - 1].email if len(found) > wanted else ""


def person_facts(session: Session, email: str) -> PersonFacts | None:
    """Return one person, or None when nobody has this address."""
    row = session.execute(_facts().where(PersonRow.email == email)).one_or_none()
    return None if row is None else _of(*row)


def everyone(session: Session) -> list[PersonFacts]:
    """Return every person, with one question to the database."""
    return [_of(*row) for row in session.execute(_facts().order_by(PersonRow.email))]


def people_called(session: Session, names: Collection[str]) -> list[Identity]:
    """Return each person who is not switched off and goes by one of these written names of people and groups, by
    address, as if they had just signed in.
    """
    query = select(PersonRow).where(PersonRow.active, _goes_by(names)).order_by(PersonRow.email)
    return [identity_of(row, FRESH) for row in session.scalars(query)]


def person_there(session: Session, email: str) -> tuple[Identity, int] | None:
    """Return a person who is not switched off, as if they had just signed in, and at which epoch all that they held was
    last ended for good; None for who is not there.
    """
    row = session.scalars(select(PersonRow).where(PersonRow.email == email, PersonRow.active)).one_or_none()
    return (identity_of(row, FRESH), row.cut) if row is not None else None


def cuts_of_people(session: Session) -> Mapping[str, int]:
    """Return who is not switched off, by address, and at which epoch all that they held was last ended for good."""
    query = select(PersonRow.email, PersonRow.cut).where(PersonRow.active)
    return {row.email: row.cut for row in session.execute(query)}


def live_credentials(session: Session, email: str, now: datetime) -> list[LiveCredential]:
    """Return a person's sessions and tokens that would still be taken, newest first."""
    epoch = select(PersonRow.epoch).where(PersonRow.email == email).scalar_subquery()
    sessions = select(SessionRow).where(
        SessionRow.email == email,
        SessionRow.epoch == epoch,
        SessionRow.last_seen > now - IDLE,
        SessionRow.created > now - ABSOLUTE,
    )
    tokens = select(TokenRow).where(TokenRow.email == email, TokenRow.epoch == epoch, TokenRow.expires > now)
    found = [
        LiveCredential(
            "browser session",
            f"signed in at {row.provider}" if row.provider else "",
            row.created,
            row.created + ABSOLUTE,
        )
        for row in session.scalars(sessions)
    ]
    found += [
        LiveCredential(f"{row.audience} token", row.purpose, row.created, row.expires)
        for row in session.scalars(tokens)
    ]
    return sorted(found, key=lambda item: item.created, reverse=True)


def _goes_by(names: Collection[str]) -> ColumnElement[bool]:
    emails = [name.removeprefix("user:") for name in names if name.startswith("user:")]
    groups = [name.removeprefix("group:") for name in names if name.startswith("group:")]
    in_one = PersonRow.groups.bool_op("?|")(cast(groups, ARRAY(Text)))
    return or_(PersonRow.email.in_(emails), in_one)


def _facts() -> Select[PersonRow, str | None]:
    same = ResourceRow.email == PersonRow.email
    return select(PersonRow, ResourceRow.directory).outerjoin(ResourceRow, same)


def _of(row: PersonRow, directory: str | None) -> PersonFacts:
    attributes = {key: str(value) for key, value in row.attributes.items()}
    # Whoever a directory named has no provider's account bound to the address until they come.
    signed_in = row.last_seen if row.issuer else None
    return PersonFacts(
        row.email, row.name, row.active, tuple(sorted(row.groups)), attributes, signed_in, directory or ""
    )
