"""Identity: sign-in, credentials, roles and revocation. Every method is one transaction with its audit event."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity.authorizer import ORGANIZATION, Authorizer, scope_chain
from bailiwick.control.identity.credentials import Credentials, SpentCodeError, hash_of, identity_of
from bailiwick.control.identity.directory import directory_says
from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.model import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    Claims,
    IssuedToken,
    NewSession,
    Permission,
    Person,
    RoleAssignment,
    SignedIn,
)
from bailiwick.control.identity.oidc import Attempt, OidcClient
from bailiwick.control.identity.revocation import revoke
from bailiwick.control.identity.tables import PersonRow, RoleRow, SignInRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.policy import ROLES, ContextValue
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store

_SIGN_IN_LIFETIME = timedelta(minutes=10)
_DOORS = {API_AUDIENCE: frozenset({API_AUDIENCE}), GIT_AUDIENCE: frozenset({API_AUDIENCE, GIT_AUDIENCE})}
# What policy is told where an answer depends on more than who asks.
_USUAL: Mapping[str, Mapping[str, ContextValue]] = {
    "app.approve": {"authors": frozenset(), "requested_by": "", "first_deploy": False},
    "app.use": {"mode": "production"},
}
TOKEN_LIFETIME = timedelta(hours=8)


class IdentityService:
    """Who is who. `on_change` is called after a change that data planes must hear of (revocations, roles)."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        oidc: OidcClient,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._oidc = oidc
        self._clock = clock
        self._on_change = on_change
        self._credentials = Credentials(clock)

    def begin_sign_in(self, return_to: str) -> str:
        """Start a sign-in and return where to send the browser; `return_to` is a path of ours."""
        attempt = Attempt.new()
        url = self._oidc.authorization_url(attempt)
        with self._store.transaction() as session:
            session.execute(delete(SignInRow).where(SignInRow.expires < self._clock()))
            row = SignInRow(
                state_hash=hash_of(attempt.state),
                nonce=attempt.nonce,
                verifier=attempt.verifier,
                return_to=return_to,
                expires=self._clock() + _SIGN_IN_LIFETIME,
            )
            session.add(row)
        return url

    def finish_sign_in(self, *, state: str, code: str) -> tuple[NewSession, str]:
        """Take what the identity provider sent back; return the new session and where the person wanted to go."""
        with self._store.transaction() as session:
            spend = delete(SignInRow).where(SignInRow.state_hash == hash_of(state)).returning(SignInRow)
            begun = session.scalars(spend).one_or_none()
        if begun is None or begun.expires < self._clock():
            raise SignInRefusedError("this sign-in was not begun here, or took too long", hint="start again")
        claims = self._oidc.exchange(code, nonce=begun.nonce, verifier=begun.verifier)
        return self.sign_in(claims), begun.return_to

    def sign_in(self, claims: Claims) -> NewSession:
        """Remember the person as the provider describes them, and open a browser session."""
        with self._store.transaction() as session:
            person = self._remember(session, claims)
            new = self._credentials.open_session(session, person)
            self._audit.note(session, f"user:{person.email}", "session.created", f"session:{new.session_id}")
            return new

    def remember_person(self, claims: Claims) -> Identity:
        """Remember a person as the directory describes them, without signing them in."""
        with self._store.transaction() as session:
            return identity_of(self._remember(session, claims))

    def authenticate_session(self, secret: str) -> SignedIn:
        """Return who holds this browser session."""
        with self._store.transaction() as session:
            return self._credentials.session_owner(session, secret)

    def sign_out(self, secret: str) -> None:
        """End a browser session; passes at apps that hang on it run out by themselves."""
        with self._store.transaction() as session:
            email = self._credentials.close_session(session, secret)
            if email is not None:
                self._audit.note(session, f"user:{email}", "session.ended", f"user:{email}")

    def issue_token(self, identity: Identity, *, audience: str, lifetime: timedelta, purpose: str) -> IssuedToken:
        """Make a bearer token for one door ("api" or "git") in a person's name."""
        with self._store.transaction() as session:
            person = self._row(session, identity.principal.name)
            issued = self._credentials.issue_token(
                session, person, audience=audience, lifetime=lifetime, purpose=purpose
            )
            who = str(identity.principal)
            self._audit.note(session, who, "token.issued", who, context={"audience": audience, "purpose": purpose})
            return issued

    def authenticate_token(self, secret: str, *, audience: str) -> Identity:
        """Return whose token this is, when it opens this door; git also takes tokens of the API."""
        with self._store.transaction() as session:
            return self._credentials.token_owner(session, secret, audiences=_DOORS[audience])

    def issue_code(self, owner: SignedIn, *, audience: str, challenge: str) -> str:
        """Make a one-time code for the command line ("cli") or an app's host ("app:<mode>/<path>")."""
        with self._store.transaction() as session:
            return self._credentials.issue_code(session, owner, audience=audience, challenge=challenge)

    def redeem_code(self, code: str, *, audience: str, verifier: str) -> SignedIn:
        """Return who is behind a one-time code, which is then spent, also when it is refused."""
        refused: SpentCodeError | None = None
        with self._store.transaction() as session:
            try:
                owner = self._credentials.redeem_code(session, code, audience=audience, verifier=verifier)
                who = str(owner.identity.principal)
                self._audit.note(session, who, "pass.issued", audience, context={"session": owner.session_id})
            except SpentCodeError as fault:
                refused = fault
        if refused is not None:
            raise refused
        return owner

    def revoke_principal(self, by: Identity, principal: str, reason: str) -> None:
        """End everything that a person holds: sessions, tokens, codes and passes."""
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "role.assign", ORGANIZATION)
            person = self._row(session, Principal.parse(principal).name)
            revoke(session, self._audit, [person.email], by=str(by.principal), reason=reason)
            self._store.after_commit(session, self._on_change)

    def assign_role(self, by: Identity, role: str, holder: str, scope: str) -> None:
        """Give a role on a scope to a person, group or service."""
        with self._store.transaction() as session:
            self._authorizer.require(session, by, "role.assign", _role_resource(scope))
            self._assign(session, str(by.principal), role, holder, scope)

    def apply_role_rules(self, rules: Iterable[tuple[str, str, str]]) -> None:
        """Give the roles that the configuration names, as (group, role, scope); repeating it changes nothing."""
        with self._store.transaction() as session:
            for group, role, scope in rules:
                self._assign(session, "service:configuration", role, f"group:{group}", scope)

    def roles(self, session: Session) -> list[RoleAssignment]:
        """Return every role that is held."""
        query = select(RoleRow).order_by(RoleRow.scope, RoleRow.role, RoleRow.holder)
        return [RoleAssignment(r.role, r.holder, r.scope, r.given_by, r.time) for r in session.scalars(query)]

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
        return {f"user:{row.email}": row.epoch for row in session.execute(query)}

    def who_can(self, session: Session, action: str, resource: str) -> list[Permission]:
        """Return every known person who may do this in the usual case, each with the policies that say so.

        The usual case is a later deploy that somebody else wrote, and an app in production.
        """
        self._authorizer.require_known(action)
        context = _USUAL.get(action)
        found = []
        for row in session.scalars(select(PersonRow).where(PersonRow.active).order_by(PersonRow.email)):
            decision = self._authorizer.decide(session, identity_of(row), action, resource, context)
            if decision.allowed:
                found.append(Permission(f"user:{row.email}", decision.deciders, decision.reason))
        return found

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
        session.execute(new.on_conflict_do_update(index_elements=["tenant", "email"], set_=described))
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

    def _assign(self, session: Session, by: str, role: str, holder: str, scope: str) -> None:
        if role not in ROLES:
            raise InvalidInputError(f"'{role[:40]}' is not a role", hint=f"there are: {', '.join(ROLES)}")
        scope_chain(scope)
        row = insert(RoleRow).values(scope=scope, role=role, holder=holder, given_by=by, time=self._clock())
        if session.scalar(row.on_conflict_do_nothing().returning(RoleRow.role)) is None:
            return
        self._audit.note(session, by, "role.assigned", scope, context={"role": role, "holder": holder})
        self._store.after_commit(session, self._on_change)


def _role_resource(scope: str) -> str:
    """Return what must be asked about before a role is given: the folder or organisation around the scope."""
    return next(item for item in scope_chain(scope) if item.startswith(("folder:", "organization:")))


def _person(row: PersonRow) -> Person:
    attributes = {key: str(value) for key, value in row.attributes.items()}
    return Person(row.email, row.name, tuple(row.groups), attributes, row.epoch, row.active, row.last_seen)
