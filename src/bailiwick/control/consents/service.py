"""What people do with consents: look, give one in the console, and end one. Each change is audited."""

import hmac
import json
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.consents.attempts import Attempts
from bailiwick.control.consents.errors import ConsentRefusedError
from bailiwick.control.consents.model import Connection, Consent, Onward, Place
from bailiwick.control.consents.places import ConsentPlaces
from bailiwick.control.consents.rows import Sealed, blob_name, consent_of, end, has_left, live, opened
from bailiwick.control.consents.servers import AuthorizationServers
from bailiwick.control.consents.tables import ConsentAttemptRow, ConsentRow
from bailiwick.control.identity import Authorizer, SignedIn
from bailiwick.control.vault import Vault
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, ConflictError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.oauth import IssuedToken, new_dpop_key
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.policy import ContextValue
from bailiwick.core.principals import Identity
from bailiwick.store import Store

PAGE = "/connections"
# Planes keep a token for less than this: whoever heard of no end until then has none any more.
_TOLD = timedelta(hours=1)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_LONGEST_CODE = 4000
_AGAIN = f"begin again under {PAGE}; do not follow links that somebody sent you"


class ConsentService:
    """Consents of people. `on_change` tells planes, once a change is durable."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        vault: Vault,
        places: ConsentPlaces,
        servers: AuthorizationServers,
        public_url: str,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._places = places
        self._servers = servers
        self._public_url = public_url
        self._clock = clock
        self._attempts = Attempts(vault, clock)
        self._on_change = on_change

    def connections(self, session: Session, identity: Identity) -> list[Connection]:
        """Return where a person can connect an account or has done so, by integration and plane."""
        rows = {(row.integration, row.plane): consent_of(row) for row in self._rows(session, identity)}
        places = {(item.integration, item.plane): item for item in self._places.within_reach(session, identity)}
        # One's own consents are there to be ended, also where no app uses them any more.
        for place in self._places.all(session):
            if (place.integration, place.plane) in rows:
                places.setdefault((place.integration, place.plane), place)
        return [Connection(places[key], rows.get(key)) for key in sorted(places)]

    def waiting(self, session: Session, identity: Identity) -> list[Consent]:
        """Return the consents that a person must give again."""
        return [consent_of(row) for row in self._rows(session, identity) if row.lapsed_because]

    def ended_lately(self, session: Session) -> tuple[str, ...]:
        """Return the consents whose tokens planes may still have and must show no more."""
        since = self._clock() - _TOLD
        query = select(ConsentRow.id).where((ConsentRow.ended_at > since) | (ConsentRow.lapsed_at > since))
        return tuple(session.scalars(query.order_by(ConsentRow.id)))

    def redirect_uri(self, integration: str) -> str:
        """Return where a service sends browsers back: each integration has an address of its own, so that the answer of
        one server is never taken for that of another (RFC 9700 section 4.4.2).
        """
        return f"{self._public_url}{PAGE}/{integration}/callback"

    def begin(self, visitor: SignedIn, integration: str, plane: str) -> Onward:
        """Return where a person consents; it comes back to this very browser session, once, within ten minutes."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        with self._store.transaction() as session:
            place = self._require(session, visitor.identity, integration, plane, "consent.give")
            if not place.enabled:
                raise ConflictError(f"{integration} is switched off", hint="an IT administrator switches it on")
            if not place.credential.device_url:
                self._attempts.add(session, visitor, place, state, verifier=verifier)
        if place.credential.device_url:
            return self._code_to_type(visitor, place, state)
        return self._onward(place, visitor.identity.principal.name, state, verifier)

    def _code_to_type(self, visitor: SignedIn, place: Place, state: str) -> Onward:
        scope = " ".join(place.credential.scopes)
        form = {
            "client_id": place.credential.client,
            **place.credential.parameters,
            **({"scope": scope} if scope else {}),
        }
        asked = self._servers.device(place, form)
        with self._store.transaction() as session:
            kept = json.dumps([asked.device_code, asked.user_code, asked.url])
            self._attempts.add(session, visitor, place, state, kept=kept)
        return Onward(asked.url, place.host, place.credential.scopes, asked.user_code, state)

    def _onward(self, place: Place, person: str, state: str, verifier: str) -> Onward:
        credential = place.credential
        request = {
            **credential.parameters,
            "response_type": "code",
            "client_id": credential.client,
            "redirect_uri": self.redirect_uri(place.integration),
            "state": state,
            "code_challenge": pkce_challenge(verifier),
            "code_challenge_method": "S256",
            "login_hint": person,
        }
        if credential.scopes:
            request["scope"] = " ".join(credential.scopes)
        if credential.par_url:
            request = {"client_id": credential.client, "request_uri": self._servers.push(place, request)}
        return Onward(f"{credential.authorization_url}?{urlencode(request)}", place.host, credential.scopes)

    def finish(
        self, visitor: SignedIn, integration: str, *, state: str, code: str, issuer: str = "", error: str = ""
    ) -> Consent:
        """Take what a service sent a browser back with.

        Raises `ConsentRefusedError` when it is not what this person began in this session, when another server
        answers, or when the service said no; `TokenEndpointError` when the code gives no token.
        """
        if not _NAME.fullmatch(integration):
            raise NotFoundError("there is no such integration")
        try:
            attempt, place = self._begun(visitor, integration, state, spend=True)
            return self._redeemed(visitor, place, attempt, code, issuer, error)
        except BailiwickError as fault:
            self._note_refused(visitor, integration, fault.message)
            raise

    def finish_typed(self, visitor: SignedIn, integration: str, *, state: str) -> Consent | Onward:
        """Ask whether a person has agreed who typed a code; return what they do next where they have not yet.

        Raises `ConsentRefusedError` when this was not begun here, `TokenEndpointError` when they said no.
        """
        if not _NAME.fullmatch(integration):
            raise NotFoundError("there is no such integration")
        try:
            attempt, place = self._begun(visitor, integration, state, spend=False)
            with self._store.transaction() as session:
                kept = self._attempts.kept(session, attempt)
            if not kept or place.fingerprint != attempt.fingerprint or not place.enabled:
                raise _refused(f"{place.integration} was changed or switched off in between")
            device_code, user_code, url = json.loads(kept)
            key = new_dpop_key() if place.credential.dpop else ""
            token = self._servers.poll(place, device_code, key)
            if token is None:
                return Onward(url, place.host, place.credential.scopes, user_code, state)
            with self._store.transaction() as session:
                mine = self._attempts.spend(session, visitor, integration, state) is not None
            if not mine:
                self._servers.revoke(place, token.refresh or token.value)
                raise _refused("this was used already")
            return self._kept(visitor, place, token, key)
        except BailiwickError as fault:
            self._note_refused(visitor, integration, fault.message)
            raise

    def _begun(
        self, visitor: SignedIn, integration: str, state: str, *, spend: bool
    ) -> tuple[ConsentAttemptRow, Place]:
        """Return what was begun in this session and where; raise `ConsentRefusedError` when nothing was."""
        take = self._attempts.spend if spend else self._attempts.look
        with self._store.transaction() as session:
            attempt = take(session, visitor, integration, state)
        if attempt is None:
            raise _refused("this was not begun by you in this session, was used already, or took too long")
        with self._store.transaction() as session:
            return attempt, self._require(session, visitor.identity, integration, attempt.plane, "consent.give")

    def _redeemed(
        self, visitor: SignedIn, place: Place, attempt: ConsentAttemptRow, code: str, issuer: str, error: str
    ) -> Consent:
        expected = place.credential.issuer
        if expected and not hmac.compare_digest(issuer.encode(), expected.encode()):
            raise _refused("another server answered than the one you were sent to, or it did not say which it is")
        if error:
            known = error[:60] if error.replace("_", "").isalnum() and error.isascii() else "an error"
            raise _refused(f"{place.host} did not agree: {known}")
        if place.fingerprint != attempt.fingerprint or not place.enabled:
            raise _refused(f"{place.integration} was changed or switched off in between")
        if not code or len(code) > _LONGEST_CODE:
            raise _refused(f"{place.host} sent no code")
        key = new_dpop_key() if place.credential.dpop else ""
        token = self._servers.redeem(place, code, attempt.verifier, self.redirect_uri(place.integration), key)
        return self._kept(visitor, place, token, key)

    def _kept(self, visitor: SignedIn, place: Place, token: IssuedToken, key: str) -> Consent:
        """Keep a token; what cannot be kept is given back."""
        try:
            return self._keep(visitor.identity, place, token, key)
        except BaseException:
            self._servers.revoke(place, token.refresh or token.value)
            raise

    def _keep(self, identity: Identity, place: Place, token: IssuedToken, key: str) -> Consent:
        now, person = self._clock(), identity.principal.name
        with self._store.transaction() as session:
            before = live(session, place.integration, place.plane, person, for_update=True)
            if before is not None:
                end(session, self._vault, self._audit, before, by=str(identity.principal), reason="given anew")
                session.flush()
            row = ConsentRow(
                id=new_id("con"),
                integration=place.integration,
                plane=place.plane,
                person=person,
                epoch=identity.epoch,
                fingerprint=place.fingerprint,
                scopes=list(token.scopes if token.scopes is not None else place.credential.scopes),
                account=token.account,
                connected_at=now,
                token_ends=now + timedelta(seconds=token.lasts_seconds),
                renewed_by_itself=bool(token.refresh),
                lapsed_because="",
                busy_by="",
            )
            session.add(row)
            content = Sealed(access=token.value, refresh=token.refresh, key=key)
            self._vault.replace_blob(session, blob_name(row), content.model_dump_json().encode())
            self._audit.note(
                session,
                str(identity.principal),
                "consent.given",
                f"integration:{place.integration}",
                plane=place.plane,
                context={"consent": row.id, "scopes": tuple(row.scopes), "account": row.account, "host": place.host},
            )
            self._store.after_commit(session, self._on_change)
            return consent_of(row)

    def end(self, identity: Identity, integration: str, plane: str, reason: str = "") -> Consent:
        """End one's own consent here, on every plane, and at the service where it can be told."""
        person = identity.principal.name
        with self._store.transaction() as session:
            place = self._require(session, identity, integration, plane, "consent.end")
            row = live(session, integration, plane, person, for_update=True)
            if row is None:
                raise NotFoundError(f"you have not connected {integration} on {plane}")
            known = opened(session, self._vault, row)
            end(
                session, self._vault, self._audit, row, by=str(identity.principal),
                reason=reason[:2000] or "disconnected",
            )  # fmt: skip
            self._store.after_commit(session, self._on_change)
            ended, good_here = consent_of(row), row.fingerprint == place.fingerprint
        if known is not None and good_here:
            self._servers.revoke(place, known.refresh or known.access)
        return ended

    def _require(self, session: Session, identity: Identity, integration: str, plane: str, action: str) -> Place:
        """Return a place where somebody may do something with a consent of their own; policy is asked."""
        place = self._places.place(session, integration, plane)
        reach = action == "consent.end" or self._places.may_use(session, identity, place)
        facts: dict[str, ContextValue] = {"owner": str(identity.principal), "within_reach": reach}
        self._authorizer.require(session, identity, action, f"integration:{integration}", facts)
        return place

    def _rows(self, session: Session, identity: Identity) -> Sequence[ConsentRow]:
        if not identity.is_person:
            return ()
        query = select(ConsentRow).where(ConsentRow.person == identity.principal.name, ConsentRow.ended_at.is_(None))
        rows = session.scalars(query.order_by(ConsentRow.integration, ConsentRow.plane)).all()
        return [row for row in rows if not has_left(session, row)]

    def _note_refused(self, visitor: SignedIn, integration: str, reason: str) -> None:
        who, resource = str(visitor.identity.principal), f"integration:{integration[:63]}"
        with self._store.transaction() as session:
            self._audit.note(session, who, "consent.refused", resource, outcome=Outcome.REFUSED, reason=reason)


def _refused(words: str) -> ConsentRefusedError:
    return ConsentRefusedError(words, deciders=("consents-of-this-session",), hint=_AGAIN)
