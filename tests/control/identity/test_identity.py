from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    AccessService,
    Authorizer,
    ClaimRule,
    Claims,
    CredentialRefusedError,
    IdentityService,
    OidcClient,
    Proof,
    Providers,
    ProviderUnavailableError,
    SignInRefusedError,
)
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from bailiwick.core.pkce import pkce_challenge
from bailiwick.core.policy import PolicyEngine
from bailiwick.core.principals import Identity, Principal, SignIn
from bailiwick.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE = Claims("https://idp", "1", "alice@example.com", "Alice", ("makers",), {"region": "EMEA"})


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def identity(store: Store, clock: Clock, changes: list[str]) -> IdentityService:
    return service(store, clock, on_change=lambda: changes.append("changed"))


def service(
    store: Store, clock: Clock, rule: ClaimRule | None = None, on_change: Callable[[], None] = lambda: None
) -> IdentityService:
    client = OidcClient(
        issuer="http://127.0.0.1:9",
        client_id="bailiwick",
        client_secret=None,
        scopes=("openid",),
        redirect_uri="http://127.0.0.1/callback",
        clock=clock,
    )
    return IdentityService(
        store=store,
        audit=AuditLog(),
        authorizer=Authorizer(PolicyEngine.built_in()),
        providers=Providers([client]),
        clock=clock,
        on_change=on_change,
        first_administrator=rule,
    )


@pytest.mark.req("ID2")
def test_a_session_is_its_persons_until_idle_or_old(identity: IdentityService, clock: Clock) -> None:
    new = identity.sign_in(ALICE)
    owner = identity.authenticate_session(new.secret)
    assert str(owner.identity.principal) == "user:alice@example.com"
    assert "group:makers" in owner.identity.names
    clock.now += timedelta(minutes=31)
    with pytest.raises(CredentialRefusedError, match="has ended"):
        identity.authenticate_session(new.secret)
    assert new.secret not in repr(new)


@pytest.mark.req("ID2")
def test_signing_in_again_makes_another_session_and_signing_out_ends_one(identity: IdentityService) -> None:
    first, second = identity.sign_in(ALICE), identity.sign_in(ALICE)
    assert first.secret != second.secret
    identity.sign_out(first.secret)
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_session(first.secret)
    identity.authenticate_session(second.secret)


@pytest.mark.req("ID2")
def test_a_token_opens_its_door_only_and_expires(identity: IdentityService, clock: Clock) -> None:
    alice = identity.remember_person(ALICE)
    git = identity.issue_token(alice, audience=GIT_AUDIENCE, lifetime=timedelta(hours=1), purpose="test")
    api = identity.issue_token(alice, audience=API_AUDIENCE, lifetime=timedelta(hours=1), purpose="test")
    both = identity.issue_token(alice, audience="api git", lifetime=timedelta(hours=1), purpose="test")
    for token, audience in ((git, GIT_AUDIENCE), (api, API_AUDIENCE), (both, GIT_AUDIENCE), (both, API_AUDIENCE)):
        assert identity.authenticate_token(token.secret, audience=audience).principal == alice.principal
    for secret, audience in (
        (git.secret, API_AUDIENCE),
        (api.secret, GIT_AUDIENCE),
        (both.secret, "api git"),
        ("bwt_forged", API_AUDIENCE),
        ("", API_AUDIENCE),
    ):
        with pytest.raises(CredentialRefusedError):
            identity.authenticate_token(secret, audience=audience)
    clock.now += timedelta(hours=1)
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_token(api.secret, audience=API_AUDIENCE)


@pytest.mark.req("ID2")
def test_a_code_works_once_at_its_door_with_its_verifier(identity: IdentityService, clock: Clock) -> None:
    owner = identity.authenticate_session(identity.sign_in(ALICE).secret)

    def code() -> str:
        return identity.issue_code(owner, audience="app:production/a/b", challenge=pkce_challenge("verifier"))

    spent = code()
    assert identity.redeem_code(spent, audience="app:production/a/b", verifier="verifier").identity == owner.identity
    for shown, audience, verifier in (
        (spent, "app:production/a/b", "verifier"),
        (code(), "app:production/a/c", "verifier"),
        (code(), "app:preview/a/b", "verifier"),
        (code(), "app:production/a/b", "guess"),
    ):
        with pytest.raises(CredentialRefusedError):
            identity.redeem_code(shown, audience=audience, verifier=verifier)
        with pytest.raises(CredentialRefusedError):
            identity.redeem_code(shown, audience="app:production/a/b", verifier="verifier")
    late = code()
    clock.now += timedelta(seconds=60)
    with pytest.raises(CredentialRefusedError):
        identity.redeem_code(late, audience="app:production/a/b", verifier="verifier")


@pytest.mark.req("ID2")
def test_revoking_a_person_ends_everything_they_hold(
    identity: IdentityService, store: Store, changes: list[str]
) -> None:
    identity.roles.apply_rules([("admins", "org-admin", "organization:default")])
    admin = identity.remember_person(Claims("https://idp", "2", "root@example.com", "Root", ("admins",), {}))
    session = identity.sign_in(ALICE)
    owner = identity.authenticate_session(session.secret)
    token = identity.issue_token(owner.identity, audience=API_AUDIENCE, lifetime=timedelta(hours=1), purpose="t")
    # What hangs on the session is as old as its sign-in.
    code = identity.issue_code(owner, audience="app:preview/a/b", challenge=pkce_challenge("v"))
    with pytest.raises(ForbiddenError):
        identity.revoke_principal(owner.identity, "user:root@example.com", "no right to")
    changes.clear()
    identity.revoke_principal(admin, "user:alice@example.com", "left the company")
    assert changes == ["changed"]
    for attempt in (
        lambda: identity.authenticate_session(session.secret),
        lambda: identity.authenticate_token(token.secret, audience=API_AUDIENCE),
        lambda: identity.redeem_code(code, audience="app:preview/a/b", verifier="v"),
    ):
        with pytest.raises(CredentialRefusedError):
            attempt()
    with store.transaction() as found:
        assert identity.epochs(found) == {"user:alice@example.com": 1}
        assert search(found, AuditQuery(action="principal.revoked")).events[0].event.reason == "left the company"


@pytest.mark.req("ID1")
def test_roles_cascade_from_folders_and_stop_at_their_edge(identity: IdentityService, store: Store) -> None:
    identity.roles.apply_rules([("makers", "builder", "folder:finance")])
    alice = identity.remember_person(ALICE)
    authorizer = Authorizer(PolicyEngine.built_in())
    with store.transaction() as session:
        assert authorizer.decide(session, alice, "app.push", "app:finance/eu/desk").allowed
        assert not authorizer.decide(session, alice, "app.push", "app:financely/desk").allowed
        assert not authorizer.decide(session, alice, "app.push", "app:hr/desk").allowed
        who, _ = AccessService(Authorizer(PolicyEngine.built_in()), {}).who_can(session, "app.push", "app:finance/desk")
        assert [(item.principal, item.deciders) for item in who] == [("user:alice@example.com", ("builders",))]
        with pytest.raises(InvalidInputError):
            authorizer.decide(session, alice, "app.push", "app:")


def test_a_role_that_does_not_exist_is_not_given(identity: IdentityService) -> None:
    identity.roles.apply_rules([("admins", "org-admin", "organization:default")])
    admin = identity.remember_person(Claims("https://idp", "2", "root@example.com", "Root", ("admins",), {}))
    with pytest.raises(InvalidInputError, match="is not a role"):
        identity.roles.assign(admin, "king", "user:alice@example.com", "folder:finance")
    nobody = Identity.of_service(Principal("service", "x"))
    with pytest.raises(ForbiddenError):
        identity.roles.assign(nobody, "builder", "service:x", "organization:default")


@pytest.mark.req("ID2")
def test_a_sign_in_that_was_not_begun_here_is_refused(identity: IdentityService) -> None:
    with pytest.raises(SignInRefusedError):
        identity.finish_sign_in(state="forged", code="x")


def test_a_provider_that_does_not_answer_is_said_to_be_so(identity: IdentityService) -> None:
    with pytest.raises(ProviderUnavailableError, match="does not answer"):
        identity.begin_sign_in("/")


FIRST = ClaimRule("group", "founders")


@pytest.mark.req("ID2", "DG1")
def test_the_first_administrator_is_made_once(store: Store, clock: Clock) -> None:
    identity = service(store, clock, FIRST)

    def sign_in(name: str, *groups: str) -> Identity:
        claims = Claims("https://idp", name, f"{name}@example.com", name, groups, {})
        return identity.authenticate_session(identity.sign_in(claims).secret).identity

    nobody, first, second = sign_in("nobody", "makers"), sign_in("first", "founders"), sign_in("second", "founders")
    identity.roles.assign(first, "builder", "group:makers", "folder:finance")
    for other in (nobody, second):
        with pytest.raises(ForbiddenError):
            identity.roles.assign(other, "builder", "group:makers", "folder:hr")
    with store.transaction() as session:
        found = search(session, AuditQuery(action="administrator.bootstrapped"))
    assert [(item.event.actor, item.event.resource) for item in found.events] == [
        ("service:configuration", "user:first@example.com")
    ]
    restarted = service(store, clock, ClaimRule("email", "second@example.com"))
    restarted.sign_in(Claims("https://idp", "second", "second@example.com", "second", (), {}))
    with pytest.raises(ForbiddenError):
        restarted.roles.assign(second, "builder", "group:makers", "folder:hr")


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (ClaimRule("email", "Alice@Example.com"), True),
        (ClaimRule("email", "1"), False),
        (ClaimRule("subject", "1"), True),
        (ClaimRule("subject", "alice@example.com"), False),
        (ClaimRule("group", "makers"), True),
        (ClaimRule("group", "maker"), False),
    ],
)
def test_the_rule_of_the_first_administrator_means_one_claim(rule: ClaimRule, fits: bool) -> None:
    assert rule.fits(ALICE) is fits


@pytest.mark.req("ID2")
def test_a_session_and_a_token_get_older(identity: IdentityService, clock: Clock) -> None:
    proof = Proof(provider="company", time=clock.now - timedelta(seconds=30), second_factor=True)
    owner = identity.authenticate_session(identity.sign_in(replace(ALICE, proof=proof)).secret)
    assert owner.identity.sign_in == SignIn(30, second_factor=True)
    clock.now += timedelta(seconds=60)
    token = identity.issue_token(owner.identity, audience=API_AUDIENCE, lifetime=timedelta(hours=1), purpose="test")
    clock.now += timedelta(seconds=60)
    held = identity.authenticate_token(token.secret, audience=API_AUDIENCE).sign_in
    assert held == SignIn(90, second_factor=True)
    unknown = identity.authenticate_session(identity.sign_in(ALICE).secret)
    assert unknown.identity.sign_in is None
    # What hangs on the session is as old as its sign-in.
    code = identity.issue_code(owner, audience="app:preview/a/b", challenge=pkce_challenge("verifier"))
    assert identity.redeem_code(code, audience="app:preview/a/b", verifier="verifier").identity.sign_in == SignIn(
        150, second_factor=True
    )


@pytest.fixture
def staff(identity: IdentityService) -> dict[str, Identity]:
    rules = [("admins", "org-admin", "organization:default"), ("leads", "folder-admin", "folder:finance")]
    identity.roles.apply_rules(rules)
    return {
        group: identity.remember_person(Claims("https://idp", group, f"{group}@example.com", group, (group,), {}))
        for group in ("admins", "leads", "makers")
    }


@pytest.mark.req("ID1")
def test_a_folder_administrator_gives_no_more_than_they_hold(
    identity: IdentityService, staff: dict[str, Identity]
) -> None:
    lead = staff["leads"]
    identity.roles.assign(lead, "builder", "user:makers@example.com", "folder:finance/eu")
    identity.roles.assign(lead, "app-user", "group:support", "app:finance/desk")
    for role, holder, scope in (
        ("approver", "user:makers@example.com", "folder:finance"),
        ("auditor", "user:makers@example.com", "folder:finance"),
        ("org-admin", "user:makers@example.com", "folder:finance"),
        ("builder", "user:makers@example.com", "folder:hr"),
        ("builder", "user:makers@example.com", "folder:financely"),
        ("builder", "user:makers@example.com", "organization:default"),
        ("app-user", "user:leads@example.com", "folder:finance"),
        ("app-user", "group:leads", "folder:finance"),
    ):
        with pytest.raises(ForbiddenError):
            identity.roles.assign(lead, role, holder, scope)
        with pytest.raises(ForbiddenError):
            identity.roles.remove(lead, role, holder, scope, "because")
    with pytest.raises(ForbiddenError):
        identity.revoke_principal(lead, "user:makers@example.com", "because")


@pytest.mark.req("ID1", "ID5")
def test_a_role_is_taken_away_at_once_with_a_reason(
    identity: IdentityService, store: Store, staff: dict[str, Identity], changes: list[str]
) -> None:
    admin, maker = staff["admins"], staff["makers"]
    authorizer = Authorizer(PolicyEngine.built_in())
    identity.roles.assign(admin, "builder", "group:makers", "folder:finance")
    with store.transaction() as session:
        assert authorizer.decide(session, maker, "app.push", "app:finance/desk").allowed
    with pytest.raises(InvalidInputError, match="needs a reason"):
        identity.roles.remove(admin, "builder", "group:makers", "folder:finance", "")
    changes.clear()
    identity.roles.remove(admin, "builder", "group:makers", "folder:finance", "the project ended")
    assert changes == ["changed"]
    with store.transaction() as session:
        assert not authorizer.decide(session, maker, "app.push", "app:finance/desk").allowed
        found = search(session, AuditQuery(action="role.removed")).events
    assert [(item.event.resource, item.event.reason) for item in found] == [("folder:finance", "the project ended")]
    with pytest.raises(NotFoundError, match="does not hold"):
        identity.roles.remove(admin, "builder", "group:makers", "folder:finance", "again")


@pytest.mark.req("ID1")
def test_the_last_administrator_stays_and_nonsense_holds_no_role(
    identity: IdentityService, staff: dict[str, Identity]
) -> None:
    admin = staff["admins"]
    with pytest.raises(ConflictError, match="last organisation administrator"):
        identity.roles.remove(admin, "org-admin", "group:admins", "organization:default", "we need none")
    identity.roles.assign(admin, "org-admin", "user:second@example.com", "organization:default")
    identity.roles.remove(admin, "org-admin", "group:admins", "organization:default", "there is another")
    second = Identity(Principal("user", "second@example.com"), frozenset({"user:second@example.com"}))
    for holder in ("second@example.com", "user:", "plane:production", "user:a b", "app:finance/desk"):
        with pytest.raises(InvalidInputError, match="cannot hold a role"):
            identity.roles.assign(second, "builder", holder, "folder:finance")
