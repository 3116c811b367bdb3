"""Which service identity a signed token proves: by a key of its own (RFC 7523), or by an issuer that it trusts."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.identity.services import rows
from bailiwick.control.identity.services.assertions import (
    LONGEST_ASSERTION,
    LONGEST_FEDERATED,
    SKEW,
    Unverified,
    Verified,
    peek,
    verify,
)
from bailiwick.control.identity.services.errors import AssertionRefusedError
from bailiwick.control.identity.services.issuers import Issuers
from bailiwick.control.identity.services.keys import import_key_set, import_public_key
from bailiwick.control.identity.services.model import Trust
from bailiwick.control.identity.services.tables import ServiceKeyRow, TrustRow
from bailiwick.control.identity.services.trusts import fits
from bailiwick.control.identity.tables import UsedAssertionRow
from bailiwick.core.clock import Clock
from bailiwick.store import Store

_OWN_ISSUER = re.compile(r"(service|agent):[^\s:]{1,100}")


@dataclass(frozen=True, slots=True)
class Proof:
    """That a signed token stands for a service identity, and through which of its keys or trusts.

    `once` tells that the token may be used a single time; `expires` is when the token itself ends.
    """

    service: str
    key: str
    trust: str
    issuer: str
    subject: str
    id: str
    expires: datetime
    once: bool


@dataclass(frozen=True)
class Prover:
    """Reads signed tokens. `audiences` are our own names, for assertions that a service signs itself."""

    store: Store
    issuers: Issuers
    audiences: frozenset[str]
    clock: Clock

    def prove(self, token: str, *, named: str = "") -> Proof:
        """Return whom a signed token stands for; `named` says which, where the caller says so.

        Nothing is taken from the token but whom to ask until a key has checked it. Asks issuers over the network, so
        it holds no transaction. Raises `AssertionRefusedError`, `IssuerUnavailableError`.
        """
        told = peek(token)
        proof = self._own(token, told) if _OWN_ISSUER.fullmatch(told.issuer) else self._federated(token, told, named)
        if named and proof.service != named:
            raise AssertionRefusedError(f"the token does not stand for {named[:80]}", hint="check client_id")
        return proof

    def _own(self, token: str, told: Unverified) -> Proof:
        with self.store.transaction() as session:
            found = session.scalars(select(ServiceKeyRow).where(ServiceKeyRow.service == told.issuer)).all()
        said = verify(
            token,
            [import_public_key(row.jwk) for row in found],
            issuer=told.issuer,
            audiences=self.audiences,
            longest=LONGEST_ASSERTION,
            now=self.clock(),
        )
        if said.subject != said.issuer:
            raise AssertionRefusedError("iss and sub must both be the service's own name (RFC 7523, section 3)")
        if not said.id:
            raise AssertionRefusedError("the token has no jti", hint="give each token a random id: it is used once")
        key = said.key.thumbprint()
        return Proof(said.issuer, key, "", said.issuer, said.subject, said.id, said.expires, once=True)

    def _federated(self, token: str, told: Unverified, named: str) -> Proof:
        with self.store.transaction() as session:
            query = select(TrustRow).where(TrustRow.issuer == told.issuer)
            found = session.scalars(query.where(TrustRow.service == named) if named else query).all()
        trusts = [rows.trust_of(row) for row in found]
        fitting = [trust for trust in trusts if fits(trust.terms, told.issuer, told.subject, told.claims)]
        failed = AssertionRefusedError(
            "no service identity here trusts this token",
            hint="compare its iss, sub and claims with the trusts: bailiwick service show NAME",
        )
        proofs: dict[str, Proof] = {}
        for trust in fitting:
            try:
                said = self._trusted(token, trust, told.key_id)
            except AssertionRefusedError as fault:
                failed = fault
                continue
            proofs.setdefault(
                trust.service,
                Proof(trust.service, "", trust.id, said.issuer, said.subject, said.id, said.expires, once=False),
            )
        if not proofs:
            raise failed
        if len(proofs) > 1:
            raise AssertionRefusedError(
                "this token stands for more than one service identity", hint="say which: client_id=service:NAME"
            )
        return next(iter(proofs.values()))

    def _trusted(self, token: str, trust: Trust, key_id: str) -> Verified:
        terms = trust.terms
        keys = import_key_set(terms.jwks) if terms.jwks is not None else self.issuers.keys(terms.issuer, key_id)
        said = verify(
            token,
            keys,
            issuer=terms.issuer,
            audiences=frozenset({terms.audience}),
            longest=LONGEST_FEDERATED,
            now=self.clock(),
        )
        if not fits(terms, said.issuer, said.subject, said.claims):
            raise AssertionRefusedError("the token does not say what the trust demands")
        return said


def still_good(session: Session, proof: Proof, now: datetime) -> None:
    """Return when what proved somebody is still registered, and spend the token where it works once.

    Raises `AssertionRefusedError` when the key or trust was taken away meanwhile, or the token was used before.
    """
    row: ServiceKeyRow | TrustRow | None
    if proof.key:
        row = session.scalar(select(ServiceKeyRow).where(ServiceKeyRow.id == proof.key))
    else:
        row = session.scalar(select(TrustRow).where(TrustRow.id == proof.trust))
    if row is None or row.service != proof.service:
        raise AssertionRefusedError("what this token was checked with was taken away just now")
    rows.seen(row, now)
    if not proof.once:
        return
    session.execute(delete(UsedAssertionRow).where(UsedAssertionRow.expires < now))
    spent = insert(UsedAssertionRow).values(issuer=proof.issuer, id=proof.id, expires=proof.expires + SKEW)
    if session.scalar(spent.on_conflict_do_nothing().returning(UsedAssertionRow.id)) is None:
        raise AssertionRefusedError("this token was used before", hint="make a fresh one, with another jti, each time")
