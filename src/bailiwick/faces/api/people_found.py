"""Finding people over the API: who there is, and what each holds through what."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import (
    PersonFacts,
    find_people,
    holder_counts,
    holders_below,
    person_facts,
    roles_of,
)
from bailiwick.core.errors import NotFoundError
from bailiwick.faces.api.pages import Cursor, Json, Limit


def add_people_found(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add the list of people, and one of them, to the API. Folder administrators see who holds something there."""

    @api.get("/v1/people")
    def people(
        identity: Caller,
        text: Annotated[str, Query(max_length=200)] = "",
        group: Annotated[str, Query(max_length=300)] = "",
        state: Literal["", "active", "off"] = "",
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Json:
        with control.store.transaction() as session:
            scopes = control.access.require_readable_scopes(session, identity)
            among = None if scopes is None else holders_below(session, scopes)
            found, further = find_people(
                session, text=text, group=group, state=state, among=among, cursor=cursor, limit=limit
            )
            held = holder_counts(session, {name for person in found for name in person.names}, scopes)
        listed = [
            {**_person(person, scopes), "roles": sum(held.get(name, 0) for name in person.names)} for person in found
        ]
        return {"people": listed, "cursor": further}

    @api.get("/v1/people/{email}")
    def person(identity: Caller, email: str) -> Json:
        own = str(identity.principal) == f"user:{email}"
        with control.store.transaction() as session:
            scopes = None if own else control.access.require_readable_scopes(session, identity)
            found = person_facts(session, email)
            held = roles_of(session, found.names, scopes) if found else []
        # To a folder's administrator, whoever holds nothing in the folder looks as if there were nobody.
        if found is None or (scopes is not None and not held):
            raise NotFoundError(f"nobody here is called '{email[:80]}', or you may not see them")
        return {**_person(found, scopes), "held": [asdict(it) for it in held]}


def _person(person: PersonFacts, scopes: Collection[str] | None) -> Json:
    """Return a person; what the directory says of them is for whoever may see all of them."""
    known: Json = {
        "principal": person.principal,
        "email": person.email,
        "name": person.name,
        "active": person.active,
        "signed_in": person.signed_in,
        "directory": person.directory,
    }
    whole: Json = {"groups": list(person.groups), "attributes": dict(person.attributes)}
    return known | (whole if scopes is None else {})
