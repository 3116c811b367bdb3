"""Signed tokens in, access tokens out: for services, for CI and clusters, and for agents that work for people."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.credentials import hash_of
from bailiwick.control.identity.services import rows
from bailiwick.control.identity.services.errors import ExchangeRefusedError, ServiceRefusedError
from bailiwick.control.identity.services.issuers import Issuers
from bailiwick.control.identity.services.model import MachineToken
from bailiwick.control.identity.services.proving import Proof, Prover, still_good
from bailiwick.control.identity.services.tokens import MachineTokens
from bailiwick.control.identity.tables import TokenRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store

# Whose access token this is, when it opens a door: (secret, door) -> identity.
Authenticate = Callable[[str, str], Identity]


@dataclass(frozen=True, slots=True)
class Actor:
    """What an agent shows of itself: a signed token, an access token of its own, or, a public one, only its name."""

    signed: str = field(default="", repr=False)
    access: str = field(default="", repr=False)
    name: str = ""


@dataclass(frozen=True)
class TokenExchange:
    """The machine's half of the token endpoint. `authenticate` is how every door reads access tokens."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    prover: Prover
    tokens: MachineTokens
    authenticate: Authenticate
    clock: Clock

    @classmethod
    def of(
        cls,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        own_names: frozenset[str],
        authenticate: Authenticate,
        clock: Clock,
    ) -> Self:
        """Return the exchange of an installation that goes by `own_names` where services sign for it."""
        prover = Prover(store, Issuers(), own_names, clock)
        return cls(store, audit, authorizer, prover, MachineTokens(clock), authenticate, clock)

    def for_itself(self, signed: str, *, audience: str, named: str = "") -> MachineToken:
        """Return an access token for the service identity that a signed token stands for.

        RFC 7523 for its own signatures; RFC 8693 or RFC 7523 for those of an issuer that it trusts. `named` is the
        client id, where one was sent.
        """
        proof = self.prover.prove(signed, named=named)
        # A token of another issuer ends what it gave: nothing lives on after the job that it was made for.
        latest = None if proof.once else proof.expires
        return self._issue(_Order(proof.service, audience, (proof,), latest=latest))

    def for_person(self, subject: str, actor: Actor, *, audience: str) -> MachineToken:
        """Return an access token with which an agent works for a person (RFC 8693, delegation).

        `subject` is the person's own access token, which must open the door that is asked for: nothing is widened.
        """
        person = self._person(subject, audience)
        agent, proofs = self._agent(actor, audience)
        if not agent.startswith("agent:"):
            raise ExchangeRefusedError(
                f"{agent} is no agent: only an agent works for a person", hint="a service acts for itself alone"
            )
        return self._issue(_Order(agent, audience, proofs, person=person, subject=subject))

    def working_for(self, agent: str, person: Identity) -> Identity:
        """Return an agent of the platform's own as it works for a person who is signed in; no token of it is made.

        It is one that an administrator made, and may be switched off as any other.
        """
        if not person.is_person:
            raise ExchangeRefusedError("only people have agents work for them", hint="sign in yourself")
        with self.store.transaction() as session:
            row = rows.find(session, agent)
            if row is None:
                raise ServiceRefusedError(
                    f"there is no {agent} here yet", hint=f"an administrator makes it: bailiwick service create {agent}"
                )
            self.authorizer.require(session, person, "agent.start", ORGANIZATION, {"agent": agent})
            return self.tokens.own(session, row).for_person(person)

    def give_back(self, secret: str) -> None:
        """End one token, for whoever holds it (RFC 7009); one that is not there, or not any more, is none the less
        gone.
        """
        with self.store.transaction() as session:
            ended = self.tokens.end(session, secret)
            if ended is not None:
                self.audit.note(session, ended, "token.ended", Principal.parse(ended).own)

    def _person(self, subject: str, audience: str) -> Identity:
        person = self.authenticate(subject, audience)
        if person.is_person:
            return person
        if person.behalf is not None:
            raise ExchangeRefusedError(
                "this token is an agent's already, and agents do not pass work on to agents",
                hint="show the person's own token",
            )
        raise ExchangeRefusedError("the subject token must be a person's", hint="bailiwick login gives you one")

    def _agent(self, actor: Actor, audience: str) -> tuple[str, tuple[Proof, ...]]:
        if actor.signed:
            proof = self.prover.prove(actor.signed, named=actor.name)
            return proof.service, (proof,)
        if actor.access:
            found = self._acting(actor.access, audience)
            if actor.name and actor.name != found:
                raise ExchangeRefusedError(f"the actor token is not {actor.name[:80]}'s", hint="check client_id")
            return found, ()
        if not actor.name:
            raise ExchangeRefusedError("no agent is named", hint="send actor_token, or client_id of a public agent")
        return self._public(actor.name), ()

    def _acting(self, secret: str, audience: str) -> str:
        identity = self.authenticate(secret, audience)
        if identity.principal.kind != "agent" or identity.behalf is not None:
            raise ExchangeRefusedError(
                "the actor token must be an agent's own", hint="not a person's, and none that works for somebody"
            )
        return str(identity.principal)

    def _public(self, name: str) -> str:
        with self.store.transaction() as session:
            row = rows.find(session, name)
        if row is None or not row.public:
            raise ExchangeRefusedError(
                f"{name[:80]} is not an agent that people start without a credential of its own",
                hint="send its actor_token; public agents are in: bailiwick service list",
            )
        return row.name

    def _issue(self, order: "_Order") -> MachineToken:
        try:
            with self.store.transaction() as session:
                return self._issue_in(session, order)
        except BailiwickError as fault:
            # Whoever it is has proved it: that they were refused is worth knowing, and cannot be made up by strangers.
            self._note_refused(order, fault)
            raise

    def _issue_in(self, session: Session, order: "_Order") -> MachineToken:
        for proof in order.proofs:
            still_good(session, proof, self.clock())
        deciders: tuple[str, ...] = ()
        if order.person is not None:
            asked = {"agent": order.service}
            deciders = self.authorizer.require(session, order.person, "agent.start", ORGANIZATION, asked).deciders
        token = self.tokens.issue(
            session,
            rows.row_of(session, order.service),
            audience=order.audience,
            person=order.person,
            family=_family_of(session, order.subject),
            latest=order.latest,
        )
        context: dict[str, ContextFact] = {"audience": order.audience, "expires": token.expires.isoformat()}
        for proof in order.proofs:
            context |= {"key": proof.key, "trust": proof.trust, "issuer": proof.issuer, "subject": proof.subject}
        who = str(token.identity.principal)
        self.audit.note(session, who, "token.issued", order.service, deciders=deciders, context=context)
        return token

    def _note_refused(self, order: "_Order", fault: BailiwickError) -> None:
        who = order.service if order.person is None else f"{order.service}/for/{order.person.principal}"
        with self.store.transaction() as session:
            self.audit.note(
                session,
                who,
                "token.refused",
                order.service,
                outcome=Outcome.REFUSED,
                reason=fault.message,
                deciders=fault.deciders,
            )


def _family_of(session: Session, subject: str) -> str | None:
    """Return the family of a person's token: what comes of it ends with it."""
    row = session.get(TokenRow, hash_of(subject)) if subject else None
    return row.family if row is not None else None


@dataclass(frozen=True, slots=True)
class _Order:
    """A token to make once more has been looked at: for whom, for which door, and what proved it."""

    service: str
    audience: str
    proofs: tuple[Proof, ...]
    person: Identity | None = None
    subject: str = field(default="", repr=False)
    latest: datetime | None = None
