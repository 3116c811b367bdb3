"""Keeps people as their directory describes them: the very rows that sign-in uses, and what each change means."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.directory.tables import ResourceRow
from bailiwick.control.identity.revocation import renew, revoke
from bailiwick.control.identity.tables import PersonRow, RoleRow
from bailiwick.core.clock import Clock

_AT_ONCE = 5000
# Groups in groups count, and a circle of groups ends: UNION keeps each pair once.
_EFFECTIVE_GROUPS = text("""
    WITH RECURSIVE reach(user_id, group_id) AS (
        SELECT member_id, group_id FROM directory_members WHERE member_id = ANY(:users)
        UNION
        SELECT reach.user_id, above.group_id FROM reach JOIN directory_members above ON above.member_id = reach.group_id
    )
    SELECT person.email, coalesce(jsonb_agg(DISTINCT named.name) FILTER (WHERE named.name IS NOT NULL), '[]') AS groups
    FROM directory_resources person
    LEFT JOIN reach ON reach.user_id = person.id
    LEFT JOIN directory_resources named ON named.id = reach.group_id
    WHERE person.id = ANY(:users) AND person.kind = 'User' AND person.email IS NOT NULL
    GROUP BY person.email
""")
_USERS_BELOW = text("""
    WITH RECURSIVE below(id) AS (
        SELECT unnest(CAST(:starts AS text[]))
        UNION
        SELECT member.member_id FROM below JOIN directory_members member ON member.group_id = below.id
    )
    SELECT resource.id FROM below JOIN directory_resources resource USING (id) WHERE resource.kind = 'User'
""")
_SET_GROUPS = text("""
    UPDATE people SET groups = said.groups
    FROM jsonb_to_recordset(CAST(:said AS jsonb)) AS said(email text, groups jsonb)
    WHERE people.email = said.email
""")


@dataclass(frozen=True, slots=True)
class Described:
    """What a user of a directory says of a person."""

    email: str
    name: str
    active: bool
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class People:
    """Changes people's rows in the caller's transaction, with the audit events. Each verb returns whether planes must
    hear of it: whether credentials ended.
    """

    audit: AuditLog
    clock: Clock

    def describe(self, session: Session, said: Described, before: Mapping[str, str], *, by: str) -> bool:
        """Make a person as they are described; `before` are the attributes that the directory said until now."""
        person = _locked(session, said.email)
        if person is None:
            self._add(session, said, by=by)
            return False
        merged = {**{key: value for key, value in person.attributes.items() if key not in before}, **said.attributes}
        withdrawn = any(merged.get(key) != value for key, value in person.attributes.items())
        was_active, changed = person.active, merged != person.attributes or person.name != said.name
        were = {"name": person.name, **person.attributes}
        person.name, person.attributes, person.active = said.name, merged, said.active
        session.flush()
        who = f"user:{said.email}"
        if was_active and not said.active:
            self.audit.note(session, by, "person.deactivated", who)
            revoke(session, self.audit, [said.email], by=by, reason="switched off by the directory")
            return True
        if said.active and not was_active:
            self.audit.note(session, by, "person.activated", who)
        elif changed:
            old, new = _difference(were, {"name": said.name, **merged})
            self.audit.note(session, by, "person.changed", who, before=old, after=new)
        if changed and withdrawn and said.active:
            renew(session, self.audit, [said.email], by=by, reason="the directory describes this person differently")
            return True
        return False

    def dismiss(self, session: Session, email: str, *, by: str, reason: str) -> bool:
        """Switch a person off whom the directory describes no more. The row stays, so that sign-in refuses them."""
        person = _locked(session, email)
        if person is None:
            return False
        person.active, person.groups = False, []
        session.flush()
        self.audit.note(session, by, "person.removed", f"user:{email}", reason=reason)
        revoke(session, self.audit, [email], by=by, reason=reason)
        return True

    def regroup(self, session: Session, users: Collection[str], *, by: str) -> bool:
        """Work out anew which groups users are in, directly and through groups. Whoever is in one less that holds a
        role has their credentials ended: passes say which groups somebody is in.
        """
        losers: list[str] = []
        holding = set(session.scalars(select(RoleRow.holder).where(RoleRow.holder.startswith("group:"))))
        for some in _parts(sorted(users)):
            losers += self._regroup_some(session, some, holding)
        renew(session, self.audit, losers, by=by, reason="no longer in a group that holds a role")
        return bool(losers)

    def _regroup_some(self, session: Session, users: Sequence[str], holding: Collection[str]) -> list[str]:
        now = {row.email: sorted(row.groups) for row in session.execute(_EFFECTIVE_GROUPS, {"users": users})}
        known = select(PersonRow.email, PersonRow.groups).where(PersonRow.email.in_(list(now))).with_for_update()
        before = {row.email: row.groups for row in session.execute(known.order_by(PersonRow.email))}
        changed = [email for email in before if sorted(before[email]) != now[email]]
        said = [{"email": email, "groups": now[email]} for email in changed]
        session.execute(_SET_GROUPS, {"said": json.dumps(said)})
        return [
            email
            for email in changed
            if any(f"group:{group}" in holding for group in set(before[email]) - set(now[email]))
        ]

    def _add(self, session: Session, said: Described, *, by: str) -> None:
        person = PersonRow(
            email=said.email,
            name=said.name,
            issuer="",
            subject="",
            groups=[],
            attributes=dict(said.attributes),
            epoch=0,
            active=said.active,
            last_seen=self.clock(),
        )
        session.add(person)
        session.flush()
        self.audit.note(session, by, "person.provisioned", f"user:{said.email}", context={"active": said.active})


def _difference(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what of each is not as in the other."""
    return (
        {key: value for key, value in old.items() if new.get(key) != value},
        {key: value for key, value in new.items() if old.get(key) != value},
    )


def users_below(session: Session, starts: Collection[str]) -> set[str]:
    """Return the users among these resources and in groups among them, through any number of groups."""
    return set(session.scalars(_USERS_BELOW, {"starts": list(starts)}))


def directory_says(session: Session, email: str) -> tuple[list[str], dict[str, str]] | None:
    """Return groups and attributes of a person whom a directory describes, or None when none does.

    For such a person the directory decides; what an identity provider claims of groups does not count.
    """
    row = session.execute(
        select(ResourceRow.document, PersonRow.groups)
        .join(PersonRow, PersonRow.email == ResourceRow.email)
        .where(ResourceRow.email == email)
    ).one_or_none()
    return None if row is None else (list(row.groups), attributes_of(row.document))


def attributes_of(document: Mapping[str, object]) -> dict[str, str]:
    """Return what policy and row limits may ask of a user: attributes of RFC 7643, sections 4.1 and 4.3, as texts."""
    own = {"title": "title", "user_type": "userType", "locale": "locale"}
    company = {key: key for key in ("department", "division", "organization")} | {"cost_center": "costCenter"}
    extension = document.get("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")
    found = {name: document.get(key) for name, key in own.items()}
    if isinstance(extension, Mapping):
        found |= {name: extension.get(key) for name, key in company.items()}
    address = primary(document.get("addresses"))
    found |= {name: address.get(name) for name in ("region", "country")}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def usable_address(text: str) -> str | None:
    """Return the e-mail address under which an identity provider would sign somebody in, or None when it is none."""
    address = text.strip().lower()
    return address if "@" in address and not any(sign.isspace() or sign in ":\0" for sign in address) else None


def primary(entries: object) -> Mapping[str, object]:
    """Return the primary one of several values, or else the first; nothing when there is none (RFC 7643, 2.4)."""
    known = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return next((entry for entry in known if entry.get("primary")), known[0] if known else {})


def _locked(session: Session, email: str) -> PersonRow | None:
    query = select(PersonRow).where(PersonRow.email == email).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _parts(users: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(users), _AT_ONCE):
        yield users[first : first + _AT_ONCE]
