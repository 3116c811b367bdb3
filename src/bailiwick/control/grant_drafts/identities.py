"""What a connected system knows of our identities: which of its accounts are ours, a person's, or nobody's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from bailiwick.control.identity import ORGANIZATION, Authorizer, IdentityService, Person
from bailiwick.control.integrations import AccountBook, FoundAccount, IntegrationService
from bailiwick.core.principals import Identity


class Whose(StrEnum):
    """Whose an account of a connected system is, as far as its name tells."""

    OURS = "the gateway's own"
    PERSON = "a person's"
    DEPARTED = "a person's who has left"
    UNKNOWN = "nobody's that we know"


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """An account, whose it is, and the principal behind it, empty for none that we know."""

    account: FoundAccount
    whose: Whose
    principal: str = ""


@dataclass(frozen=True)
class KnownIdentities:
    """Compares accounts of connected systems, as planes found them, with the people whom we know."""

    authorizer: Authorizer
    integrations: IntegrationService
    accounts: AccountBook
    identity: IdentityService

    def known(self, session: Session, identity: Identity, name: str) -> list[KnownIdentity]:
        """Return every account that a system has; policy is asked."""
        self.authorizer.require(session, identity, "integration.manage", ORGANIZATION)
        places = self.integrations.integration(session, name).connections
        people = _by_name(self.identity.people(session))
        found = [item for item in self.accounts.accounts(session) if item.integration == name]
        return [
            KnownIdentity(item, Whose.OURS)
            if item.plane in places and places[item.plane].account == item.name
            else _whose(item, people.get(item.name.lower(), []))
            for item in found
        ]


def _by_name(people: Sequence[Person]) -> Mapping[str, list[Person]]:
    """Return people by the names that accounts of theirs usually have: the address, or what stands before its @."""
    found: dict[str, list[Person]] = {}
    for person in people:
        for name in {person.email.lower(), person.email.partition("@")[0].lower()}:
            found.setdefault(name, []).append(person)
    return found


def _whose(account: FoundAccount, people: Sequence[Person]) -> KnownIdentity:
    # A name that two people could have tells of neither.
    if len(people) != 1:
        return KnownIdentity(account, Whose.UNKNOWN)
    person = people[0]
    return KnownIdentity(account, Whose.PERSON if person.active else Whose.DEPARTED, person.principal)
