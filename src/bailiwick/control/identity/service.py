"""Identity: sign-in, credentials and revocation. Every method is one transaction with its audit event."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.assurance import require_wanted
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer
from bailiwick.control.identity.credentials import Credentials, SpentCodeError, hash_of, identity_of
from bailiwick.control.identity.directory import directory_says
from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.kept import kept_claims, spend_sign_in
from bailiwick.control.identity.model import (
    ClaimRule,
    Claims,
    IssuedToken,
    LogoutNotice,
    NewSession,
    Origin,
    Person,
    SignedIn,
)
from bailiwick.control.identity.oidc import OidcClient
from bailiwick.control.identity.once import use_once
from bailiwick.control.identity.providers import Attempt, Providers, Returned
from bailiwick.control.identity.revocation import revoke
from bailiwick.control.identity.roles import RoleService
from bailiwick.control.identity.services import MachineTokens, is_machine_token
from bailiwick.control.identity.tables import (
    FirstAdministratorRow,
    PersonRow,
    ServiceRow,
    SessionRow,
    SignInRow,
)
from bailiwick.core.clock import Clock
from bailiwick.core.errors import NotFoundError
from bailiwick.core.events import ContextFact, Outcome
from bailiwick.core.policy import StepUp
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_SIGN_IN_LIFETIME = timedelta(minutes=10)
NOWHERE = Origin()


class IdentityService:
    """Who is who. `on_change` is called after a change that data planes must hear of (revocations, roles)."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        providers: Providers,
        clock: Clock,
        on_change: Callable[[], None],
        first_administrator: ClaimRule | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._providers = providers
        self._first_administrator = first_administrator
        self._clock = clock
        self._on_change = on_change
        self._credentials = Credentials(clock)
        self.roles = RoleService(store, audit, authorizer, clock, on_change)
        self._machine_tokens = MachineTokens(clock)

    @property
    def asks_for_email(self) -> bool:
        """Whether a sign-in begins with an e-mail address, whose domain says which provider is asked."""
        return self._providers.by_domain

    def begin_sign_in(self, return_to: str, *, email: str = "", wanted: StepUp | None = None) -> str:
        """Start a sign-in and return where to send the browser.

        `return_to` is a path of ours, `email` the address of whoever signs in where several providers are there,
        `wanted` how the sign-in must be.
        """
        attempt, wanted = Attempt.new(), wanted or StepUp()
        provider = self._providers.of(email)
        url = provider.authorization_url(attempt, wanted, hint=email)
        with self._store.transaction() as session:
            session.execute(delete(SignInRow).where(SignInRow.expires < self._clock()))
            row = SignInRow(
                state_hash=hash_of(attempt.state),
                nonce=attempt.nonce,
                verifier=attempt.verifier,
                return_to=return_to,
                provider=provider.name,
                max_age=wanted.max_age_seconds,
                second_factor=wanted.second_factor,
                expires=self._clock() + _SIGN_IN_LIFETIME,
            )
            session.add(row)
        return url

    def finish_sign_in(
        self, *, state: str, code: str, issuer: str = "", provider: str = "", origin: Origin = NOWHERE
    ) -> tuple[NewSession, str]:
        """Take what an identity provider sent back; return the new session and where the person wanted to go.

        `issuer` is the answer's `iss` (RFC 9207), `provider` whose redirect URI was used, where each has its own,
        `origin` where the browser is.
        """
        with self._store.transaction() as session:
            begun = spend_sign_in(session, state, self._clock())
        if begun is None:
            raise SignInRefusedError("this sign-in was not begun here, or took too long", hint="start again")
        asked = self._providers.named(begun.provider)
        if self._providers.by_domain and provider != asked.name:
            raise SignInRefusedError("another identity provider answered than the one you were sent to")
        claims: Claims | None = None
        try:
            kept = kept_claims(begun, code)
            claims = asked.finish(Returned(code, issuer, begun.nonce, begun.verifier, kept))
            require_wanted(claims.proof, StepUp(begun.max_age, begun.second_factor), self._clock())
            return self.sign_in(claims, origin), begun.return_to
        except SignInRefusedError as fault:
            # Only of sign-ins that began here, once each: nobody fills the log with answers that nobody asked for.
            self._note_refused(asked.name, claims, origin, fault)
            raise

    def sign_in(self, claims: Claims, origin: Origin = NOWHERE) -> NewSession:
        """Remember the person as the provider describes them, and open a browser session."""
        claims = self._providers.believed(claims)
        with self._store.transaction() as session:
            person = self._remember(session, claims)
            new = self._credentials.open_session(session, person, claims.proof, origin)
            how: dict[str, ContextFact] = {
                "provider": claims.proof.provider,
                "methods": claims.proof.methods,
                "level": claims.proof.level,
                "second_factor": claims.proof.second_factor,
                "address": origin.address,
            }
            who = f"user:{person.email}"
            self._audit.note(session, who, "session.created", f"session:{new.session_id}", context=how)
            if self._first_administrator is not None and self._first_administrator.fits(claims):
                self._make_first_administrator(session, who)
            return new

    def provider_logout(self, provider: str, logout_token: str) -> None:
        """End what people hold here whose session a provider ended; raise `SignInRefusedError` for what proves nothing.

        Everything of theirs ends, on every device and plane: an identity provider's word that somebody left is not
        weighed against what of theirs it meant.
        """
        asked = self._providers.of("") if not provider else self._providers.named(provider)
        if not isinstance(asked, OidcClient):
            raise SignInRefusedError("this identity provider tells of logouts by SAML")
        self.end_at_provider(asked.name, asked.read_logout(logout_token))

    def end_at_provider(self, provider: str, notice: LogoutNotice) -> None:
        """End what people hold here whose session a provider ended, as its verified notice says; once per notice."""
        with self._store.transaction() as session:
            use_once(session, self._clock(), notice.issuer, notice.id, notice.expires)
            for person in self._named_in(session, provider, notice):
                by = f"service:identity-provider/{provider}"
                self._revoke(session, by, person, "the identity provider ended the session")

    def release_person(self, by: Identity, principal: str, reason: str) -> None:
        """Let the next sign-in with an address be another account of a provider's: the address was given anew.

        Everything that the account before holds ends.
        """
        reason = given_reason(reason, "say why the address belongs to another account now")
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "person.revoke", ORGANIZATION)
            person = self._row(session, Principal.parse(principal).name)
            person.issuer = person.subject = ""
            self._audit.note(session, str(by.principal), "principal.released", principal, reason=reason)
            self._revoke(session, str(by.principal), person, reason)

    def remember_person(self, claims: Claims) -> Identity:
        """Remember a person as the directory describes them, without signing them in."""
        with self._store.transaction() as session:
            return identity_of(self._remember(session, claims))

    def authenticate_session(self, secret: str) -> SignedIn:
        """Return who holds this browser session."""
        with self._store.transaction() as session:
            return self._credentials.session_owner(session, secret)

    def sign_out(self, secret: str) -> str:
        """End a browser session; passes at apps that hang on it run out by themselves.

        Returns where the browser may end its session at the identity provider too, empty when there is no such place.
        """
        with self._store.transaction() as session:
            closed = self._credentials.close_session(session, secret)
            if closed is None:
                return ""
            email, behind = closed
            self._audit.note(session, f"user:{email}", "session.ended", f"user:{email}")
        return self._providers.leave_url(behind)

    def issue_token(self, identity: Identity, *, audience: str, lifetime: timedelta, purpose: str) -> IssuedToken:
        """Make a bearer token in a person's name for one door ("api" or "git"), or for several ("api git")."""
        with self._store.transaction() as session:
            person = self._row(session, identity.principal.name)
            issued = self._credentials.issue_token(
                session,
                person,
                audience=audience,
                lifetime=lifetime,
                purpose=purpose,
                sign_in=identity.sign_in,
            )
            who = str(identity.principal)
            self._audit.note(session, who, "token.issued", who, context={"audience": audience, "purpose": purpose})
            return issued

    def authenticate_token(self, secret: str, *, audience: str) -> Identity:
        """Return whose token this is, when it was made for this door."""
        with self._store.transaction() as session:
            if is_machine_token(secret):
                return self._machine_tokens.owner(session, secret, audience=audience)
            return self._credentials.token_owner(session, secret, audience=audience)

    def issue_code(self, owner: SignedIn, *, audience: str, challenge: str) -> str:
        """Make a one-time code for an app's host ("app:<mode>/<path>")."""
        with self._store.transaction() as session:
            return self._credentials.issue_code(session, owner, audience=audience, challenge=challenge)

    def redeem_code(self, code: str, *, audience: str, verifier: str) -> SignedIn:
        """Return who is behind a one-time code, which is then spent, also when it is refused."""
        refused: SpentCodeError | None = None
        with self._store.transaction() as session:
            try:
                owner = self._credentials.redeem_code(session, code, audience=audience, verifier=verifier)
                who = str(owner.identity.principal)
                # Of an app's pass, "app:<mode>/<path>", the log knows the app: reviews ask who uses it.
                app = audience.partition("/")[2] if audience.startswith("app:") else ""
                self._audit.note(session, who, "pass.issued", audience, app=app, context={"session": owner.session_id})
            except SpentCodeError as fault:
                refused = fault
        if refused is not None:
            raise refused
        return owner

    def revoke_principal(self, by: Identity, principal: str, reason: str) -> None:
        """End everything that a person holds: sessions, tokens, codes and passes."""
        reason = given_reason(reason, what="a revocation")
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "person.revoke", ORGANIZATION)
            person = self._row(session, Principal.parse(principal).name)
            self._revoke(session, str(by.principal), person, reason)

    def people(self, session: Session) -> list[Person]:
        """Return everyone who ever signed in."""
        return [_person(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.email))]

    def departed(self, session: Session) -> frozenset[str]:
        """Return the written names of people who are switched off: what they own needs somebody else."""
        gone = session.scalars(select(PersonRow.email).where(PersonRow.active.is_(False)))
        return frozenset(f"user:{email}" for email in gone)

    def epochs(self, session: Session) -> Mapping[str, int]:
        """Return who had credentials revoked, with their present epoch: anything older is dead at every door."""
        query = select(PersonRow.email, PersonRow.epoch).where(PersonRow.epoch > 0)
        people = {f"user:{row.email}": row.epoch for row in session.execute(query)}
        services = select(ServiceRow.name, ServiceRow.epoch).where(ServiceRow.epoch > 0)
        return people | {row.name: row.epoch for row in session.execute(services)}

    def _revoke(self, session: Session, by: str, person: PersonRow, reason: str) -> None:
        """Kill everything that was made in a person's name so far, at every door and on every plane."""
        revoke(session, self._audit, [person.email], by=by, reason=reason)
        self._store.after_commit(session, self._on_change)

    def _note_refused(self, provider: str, claims: Claims | None, origin: Origin, fault: SignInRefusedError) -> None:
        who = f"user:{claims.email}" if claims is not None else "service:sign-in"
        context: dict[str, ContextFact] = {"provider": provider, "address": origin.address}
        with self._store.transaction() as session:
            self._audit.note(
                session,
                who,
                "session.refused",
                f"provider:{provider}",
                outcome=Outcome.REFUSED,
                reason=fault.message,
                context=context,
            )

    def _make_first_administrator(self, session: Session, who: str) -> None:
        row = insert(FirstAdministratorRow).values(holder=who, time=self._clock())
        if session.scalar(row.on_conflict_do_nothing().returning(FirstAdministratorRow.holder)) is None:
            return
        self._audit.note(session, "service:configuration", "administrator.bootstrapped", who)
        self.roles.give(session, "service:configuration", "org-admin", who, ORGANIZATION)

    def _named_in(self, session: Session, provider: str, notice: LogoutNotice) -> list[PersonRow]:
        sessions = select(SessionRow.email).where(
            SessionRow.provider == provider,
            SessionRow.provider_session == notice.session,
            SessionRow.provider_session != "",
        )
        by_subject = (PersonRow.issuer == notice.issuer) & (PersonRow.subject == notice.subject)
        query = select(PersonRow).where(PersonRow.email.in_(sessions) | by_subject)
        return list(session.scalars(query.with_for_update()))

    def _remember(self, session: Session, claims: Claims) -> PersonRow:
        groups, attributes = directory_says(session, claims.email) or (sorted(claims.groups), {})
        described = {
            "name": claims.name,
            "issuer": claims.issuer,
            "subject": claims.subject,
            "groups": groups,
            "attributes": {**claims.attributes, **attributes},
            "last_seen": self._clock(),
        }
        new = insert(PersonRow).values(email=claims.email, epoch=0, active=True, **described)
        same = (PersonRow.issuer == claims.issuer) & (PersonRow.subject == claims.subject)
        update = new.on_conflict_do_update(
            index_elements=["tenant", "email"], set_=described, where=same | (PersonRow.issuer == "")
        )
        if session.scalar(update.returning(PersonRow.email)) is None:
            raise SignInRefusedError(
                "this e-mail address belongs to another account here",
                hint="if it was given to you anew, an administrator runs: bailiwick person release EMAIL --reason WHY",
            )
        person = self._row(session, claims.email)
        if not person.active:
            raise SignInRefusedError("this account is switched off", hint="ask an administrator")
        return person

    def _row(self, session: Session, email: str) -> PersonRow:
        query = select(PersonRow).where(PersonRow.email == email).execution_options(populate_existing=True)
        person = session.scalars(query).one_or_none()
        if person is None:
            raise NotFoundError(
                f"nobody here is called user:{email[:80]}", hint="people appear when they first sign in"
            )
        return person


def _person(row: PersonRow) -> Person:
    attributes = {key: str(value) for key, value in row.attributes.items()}
    return Person(row.email, row.name, tuple(row.groups), attributes, row.epoch, row.active, row.last_seen)
