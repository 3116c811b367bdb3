"""Signed tokens in, access tokens out: for services, for CI and clusters, and for agents that work for people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.services import rows
from bailiwick.control.identity.services.errors import ExchangeRefusedError
from bailiwick.control.identity.services.model import MachineToken
from bailiwick.control.identity.services.proving import Proof, Prover, still_good
from bailiwick.control.identity.services.tokens import MachineTokens
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# Whose access token this is, when it opens a door: (secret, door) -> identity.
Authenticate = Callable[[str, str], Identity]


@dataclass(frozen=True, slots=True)
class Actor:
    """What an agent shows of itself: a signed token, an access token of its own, or, a public one, only its name."""

    signed: str = ""
    access: str = ""
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

    def for_itself(self, signed: str, *, audience: str, named: str = "") -> MachineToken:
        """Return an access token for the service identity that a signed token stands for.

        RFC 7523 for its own signatures; RFC 8693 or RFC 7523 for those of an issuer that it trusts. `named` is the
        client id, where one was sent.
        """
        proof = self.prover.prove(signed, named=named)
        # A token of another issuer ends what it gave: nothing lives on after the job that it was made for.
        latest = None if proof.once else proof.expires
        return self._issue(proof.service, None, audience, latest, [proof])

    def for_person(self, subject: str, actor: Actor, *, audience: str) -> MachineToken:
        """Return an access token with which an agent works for a person (RFC 8693, delegation).

        `subject` is the person's own access token, which must open the door that is asked for: nothing is widened.
        """
        person = self._person(subject, audience)
        agent, proofs = self._agent(actor)
        if not agent.startswith("agent:"):
            raise ExchangeRefusedError(
                f"{agent} is no agent: only an agent works for a person", hint="a service acts for itself alone"
            )
        return self._issue(agent, person, audience, None, proofs)

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

    def _agent(self, actor: Actor) -> tuple[str, list[Proof]]:
        if actor.signed:
            proof = self.prover.prove(actor.signed, named=actor.name)
            return proof.service, [proof]
        if actor.access:
            found = self._acting(actor.access)
            if actor.name and actor.name != found:
                raise ExchangeRefusedError(f"the actor token is not {actor.name[:80]}'s", hint="check client_id")
            return found, []
        if not actor.name:
            raise ExchangeRefusedError("no agent is named", hint="send actor_token, or client_id of a public agent")
        return self._public(actor.name), []

    def _acting(self, secret: str) -> str:
        identity = self.authenticate(secret, "git")
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

    def _issue(
        self, service: str, person: Identity | None, audience: str, latest: datetime | None, proofs: list[Proof]
    ) -> MachineToken:
        try:
            with self.store.transaction() as session:
                return self._issue_in(session, service, person, audience, latest, proofs)
        except BailiwickError as fault:
            # Whoever it is has proved it: that they were refused is worth knowing, and cannot be made up by strangers.
            self._note_refused(service, person, fault)
            raise

    def _issue_in(
        self,
        session: Session,
        service: str,
        person: Identity | None,
        audience: str,
        latest: datetime | None,
        proofs: list[Proof],
    ) -> MachineToken:
        deciders: tuple[str, ...] = ()
        for proof in proofs:
            still_good(session, proof, self.clock())
        if person is not None:
            decision = self.authorizer.require(session, person, "agent.start", ORGANIZATION, {"agent": service})
            deciders = decision.deciders
        row = rows.row_of(session, service)
        token = self.tokens.issue(session, row, person=person, audience=audience, latest=latest)
        context: dict[str, ContextFact] = {"audience": audience, "expires": token.expires.isoformat()}
        for proof in proofs:
            context |= {"key": proof.key, "trust": proof.trust, "issuer": proof.issuer, "subject": proof.subject}
        who = str(token.identity.principal)
        self.audit.note(session, who, "token.issued", service, deciders=deciders, context=context)
        return token

    def _note_refused(self, service: str, person: Identity | None, fault: BailiwickError) -> None:
        who = service if person is None else f"{service}/for/{person.principal}"
        with self.store.transaction() as session:
            self.audit.note(session, who, "token.refused", service, outcome=Outcome.REFUSED, reason=fault.message)
