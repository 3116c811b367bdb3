"""Sign-in against an independent provider: the good way through, and every token that is not the one asked for."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.identity import (
    API_AUDIENCE,
    Authorizer,
    Claims,
    CredentialRefusedError,
    IdentityService,
    NewSession,
    OidcClient,
    Proof,
    Providers,
    ProviderUnavailableError,
    SignInRefusedError,
)
from bailiwick.control.identity import oidc as oidc_module
from bailiwick.control.identity.oidc import Attempt
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.events import Outcome
from bailiwick.core.policy import PolicyEngine, StepUp
from bailiwick.store import Store
from tests.control.identity.conftest import REDIRECT_URI, Provider

Change = Callable[[str], str]


class Between(httpx2.BaseTransport):
    """Stands between us and the provider: counts fetches of keys, and changes keys and ID tokens when told to."""

    def __init__(self) -> None:
        self._real = httpx2.HTTPTransport()
        self.change: Change = lambda token: token
        self.keys: dict[str, Any] | None = None
        self.key_fetches = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._real.handle_request(request)
        if request.url.path.endswith("/jwks"):
            self.key_fetches += 1
            return httpx2.Response(200, json=self.keys) if self.keys else answer
        if request.method != "POST":
            return answer
        body = json.loads(answer.read())
        if "id_token" in body:
            body["id_token"] = self.change(body["id_token"])
        return httpx2.Response(answer.status_code, json=body)


@pytest.fixture
def between() -> Between:
    return Between()


@pytest.fixture
def client(provider: Provider, between: Between) -> OidcClient:
    return client_of(provider.issuer, between)


def client_of(issuer: str, between: Between, **more: Any) -> OidcClient:
    return OidcClient(
        **more,
        issuer=issuer,
        client_id="bailiwick",
        client_secret=None,
        scopes=("openid", "profile", "email", "groups"),
        redirect_uri=REDIRECT_URI,
        clock=utc_now,
        http=httpx2.Client(transport=between, timeout=10),
    )


@pytest.fixture
def identity(store: Store, provider: Provider, between: Between) -> IdentityService:
    return service_of(store, client_of(provider.issuer, between, levels=("second-factor",)))


def service_of(store: Store, client: OidcClient) -> IdentityService:
    return IdentityService(
        store=store,
        audit=AuditLog(utc_now),
        authorizer=Authorizer(PolicyEngine.built_in()),
        providers=Providers([client]),
        clock=utc_now,
        on_change=lambda: None,
    )


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def encoded(document: dict[str, Any] | bytes) -> str:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign_in(client: OidcClient, provider: Provider, who: str = "ada") -> Any:
    attempt = Attempt.new()
    back = provider.click(client.authorization_url(attempt), who)
    assert back["state"] == attempt.state
    return client.exchange(back["code"], nonce=attempt.nonce, verifier=attempt.verifier)


def finish(identity: IdentityService, back: Mapping[str, str]) -> tuple[NewSession, str]:
    return identity.finish_sign_in(state=back["state"], code=back["code"], issuer=back["iss"])


@pytest.mark.req("ID2")
def test_a_person_signs_in_with_pkce_and_is_who_the_provider_says(
    identity: IdentityService, provider: Provider
) -> None:
    back = provider.click(identity.begin_sign_in("/apps/x"), "ada")
    session, return_to = finish(identity, back)
    assert return_to == "/apps/x"
    owner = identity.authenticate_session(session.secret)
    assert str(owner.identity.principal) == "user:ada@example.com"
    assert owner.name == "Person ada"
    assert owner.identity.names == {"user:ada@example.com", "group:makers"}
    assert owner.identity.attributes == {"region": "EMEA"}
    with pytest.raises(SignInRefusedError, match="not begun here"):
        finish(identity, back)


@pytest.mark.req("ID2")
def test_a_code_works_once(client: OidcClient, provider: Provider) -> None:
    attempt = Attempt.new()
    code = provider.click(client.authorization_url(attempt), "ada")["code"]
    assert client.exchange(code, nonce=attempt.nonce, verifier=attempt.verifier).email == "ada@example.com"
    with pytest.raises(SignInRefusedError, match="did not accept"):
        client.exchange(code, nonce=attempt.nonce, verifier=attempt.verifier)


@pytest.mark.req("ID2")
def test_a_code_without_its_verifier_and_a_token_with_another_nonce_are_refused(
    client: OidcClient, provider: Provider
) -> None:
    attempt, other = Attempt.new(), Attempt.new()
    stolen = provider.click(client.authorization_url(attempt), "ada")["code"]
    with pytest.raises(SignInRefusedError, match="did not accept"):
        client.exchange(stolen, nonce=attempt.nonce, verifier=other.verifier)
    injected = provider.click(client.authorization_url(attempt), "ada")["code"]
    with pytest.raises(SignInRefusedError, match="not for this sign-in"):
        client.exchange(injected, nonce=other.nonce, verifier=attempt.verifier)


@pytest.mark.req("ID2")
def test_an_address_that_the_provider_does_not_vouch_for_is_nobodys(client: OidcClient, provider: Provider) -> None:
    with pytest.raises(SignInRefusedError, match="does not vouch"):
        sign_in(client, provider, "unverified")


def unsigned(token: str) -> str:
    return f"{encoded({'alg': 'none'})}.{token.split('.')[1]}."


def signed_with_the_public_key(form: str) -> Callable[[Provider], Change]:
    def of(provider: Provider) -> Change:
        found = httpx2.get(f"{provider.issuer}/jwks").json()["keys"][0]
        public = RSAKey.import_key(found)
        secret = {"pem": public.as_pem(private=False), "json": json.dumps(found).encode()}[form]

        def change(token: str) -> str:
            head = encoded({"alg": "HS256", "typ": "JWT", "kid": found["kid"]})
            content = f"{head}.{token.split('.')[1]}"
            return f"{content}.{encoded(hmac.digest(secret, content.encode(), hashlib.sha256))}"

        return change

    return of


def signed_by_somebody_else(token: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": part(token, 0)["kid"]}, part(token, 1), RSAKey.generate_key(2048))


def with_another_person(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{encoded({**part(token, 1), 'email': 'admin@example.com'})}.{signature}"


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: unsigned, id="alg none"),
        pytest.param(lambda _: lambda token: unsigned(token) + token.split(".")[2], id="alg none with a signature"),
        pytest.param(signed_with_the_public_key("pem"), id="HS256 with the public key as PEM"),
        pytest.param(signed_with_the_public_key("json"), id="HS256 with the public key as JWK"),
        pytest.param(lambda _: signed_by_somebody_else, id="somebody else's key under the provider's key id"),
        pytest.param(lambda _: with_another_person, id="another person under the same signature"),
        pytest.param(lambda _: lambda token: "", id="no token"),
        pytest.param(lambda _: lambda token: token.rpartition(".")[0] + ".", id="signature cut off"),
    ],
)
def test_a_forged_token_signs_nobody_in(
    client: OidcClient, provider: Provider, between: Between, forge: Callable[[Provider], Change]
) -> None:
    assert sign_in(client, provider).email == "ada@example.com"
    between.change = forge(provider)
    with pytest.raises(SignInRefusedError, match="not signed by its keys"):
        sign_in(client, provider)


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("claim", "value"),
    [("iss", "http://127.0.0.1:1"), ("aud", "another-app"), ("aud", ["bailiwick", "another-app"]), ("exp", 1)],
)
def test_a_token_of_another_issuer_for_another_app_or_of_another_time_is_refused(
    provider: Provider, between: Between, claim: str, value: object
) -> None:
    ours = RSAKey.generate_key(2048, {"kid": "ours"})  # the provider's key, as far as the client can tell
    between.keys = {"keys": [ours.as_dict(private=False)]}
    client = client_of(provider.issuer, between)
    between.change = lambda token: jwt.encode({"alg": "RS256", "kid": "ours"}, part(token, 1), ours)
    assert sign_in(client, provider).email == "ada@example.com"
    between.change = lambda token: jwt.encode({"alg": "RS256", "kid": "ours"}, {**part(token, 1), claim: value}, ours)
    with pytest.raises(SignInRefusedError, match=r"not for this sign-in|for another application"):
        sign_in(client, provider)


@pytest.mark.req("ID2")
def test_a_provider_that_calls_itself_by_another_name_is_not_used(provider: Provider, between: Between) -> None:
    client = client_of(provider.issuer.replace("127.0.0.1", "localhost"), between)
    with pytest.raises(ProviderUnavailableError, match="another name than the configured issuer"):
        client.authorization_url(Attempt.new())


@pytest.fixture
def no_wait_for_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(oidc_module, "_KEYS_AT_MOST_EVERY_SECONDS", 0.0)
    yield


@pytest.mark.req("ID2")
def test_new_keys_of_the_provider_are_fetched_when_they_are_met(
    client: OidcClient, provider: Provider, between: Between, no_wait_for_keys: None
) -> None:
    assert sign_in(client, provider).email == "ada@example.com"
    assert sign_in(client, provider).email == "ada@example.com"
    assert between.key_fetches == 1
    provider.start()
    assert sign_in(client, provider, "bob").email == "bob@example.com"
    assert between.key_fetches == 2


def test_forged_tokens_do_not_make_us_ask_for_keys_again_and_again(
    client: OidcClient, provider: Provider, between: Between
) -> None:
    between.change = signed_by_somebody_else
    for _ in range(3):
        with pytest.raises(SignInRefusedError):
            sign_in(client, provider)
    assert between.key_fetches == 1


@pytest.mark.req("ID2")
def test_a_sign_in_can_be_asked_for_that_is_fresh_and_has_a_second_factor(
    identity: IdentityService, provider: Provider
) -> None:
    session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada"))
    usual = identity.authenticate_session(session.secret).identity.sign_in
    assert usual is not None
    assert not usual.second_factor
    back = provider.click(identity.begin_sign_in("/", wanted=StepUp(300, True)), "ada")
    session, _ = finish(identity, back)
    strong = identity.authenticate_session(session.secret).identity.sign_in
    assert strong is not None
    assert strong.second_factor
    assert strong.age_seconds < 60


@pytest.mark.req("ID2")
def test_a_sign_in_that_is_not_as_it_was_asked_for_is_refused(
    store: Store, provider: Provider, between: Between
) -> None:
    weak = service_of(store, client_of(provider.issuer, between, levels=("gold",)))
    with pytest.raises(SignInRefusedError, match="second factor"):
        finish(weak, provider.click(weak.begin_sign_in("/", wanted=StepUp(None, True)), "ada"))
    ours = RSAKey.generate_key(2048, {"kid": "ours"})
    between.keys = {"keys": [ours.as_dict(private=False)]}
    identity = service_of(store, client_of(provider.issuer, between))
    for auth_time in (1, None, "now", 2**70, -5):
        between.change = lambda token, told=auth_time: jwt.encode(  # type: ignore[misc]
            {"alg": "RS256", "kid": "ours"}, {**part(token, 1), "auth_time": told}, ours
        )
        with pytest.raises(SignInRefusedError, match="did not sign you in anew"):
            finish(identity, provider.click(identity.begin_sign_in("/", wanted=StepUp(300)), "ada"))


@pytest.mark.req("ID2")
@pytest.mark.parametrize("issuer", ["", "https://evil.example"])
def test_an_answer_of_another_issuer_is_refused(identity: IdentityService, provider: Provider, issuer: str) -> None:
    back = provider.click(identity.begin_sign_in("/"), "ada")
    with pytest.raises(SignInRefusedError, match="another identity provider"):
        finish(identity, {**back, "iss": issuer})
    with pytest.raises(SignInRefusedError, match="not begun here"):
        finish(identity, back)


@pytest.mark.req("ID2")
def test_a_provider_speaks_for_its_own_domains_only(store: Store, provider: Provider, between: Between) -> None:
    ours = client_of(provider.issuer, between, domains=frozenset({"example.org"}))
    with pytest.raises(SignInRefusedError, match="does not speak for that e-mail domain"):
        sign_in(ours, provider)


@pytest.mark.req("ID2", "ID1")
@pytest.mark.parametrize(
    ("groups", "held"),
    [
        (("*",), {"group:makers"}),
        (("mak*",), {"group:makers"}),
        (("makers",), {"group:makers"}),
        (("make",), set()),
        ((), set()),
    ],
)
def test_a_provider_puts_people_into_the_groups_that_it_is_believed_only(
    store: Store, provider: Provider, between: Between, groups: tuple[str, ...], held: set[str]
) -> None:
    client = client_of(provider.issuer, between, name="partner", domains=frozenset({"example.com"}))
    identity = IdentityService(
        store=store,
        audit=AuditLog(utc_now),
        authorizer=Authorizer(PolicyEngine.built_in()),
        providers=Providers([client], {"partner": groups}),
        clock=utc_now,
        on_change=lambda: None,
    )
    back = provider.click(identity.begin_sign_in("/"), "ada")
    session, _ = identity.finish_sign_in(state=back["state"], code=back["code"], issuer=back["iss"])
    names = identity.authenticate_session(session.secret).identity.names
    assert {name for name in names if name.startswith("group:")} == held


@pytest.mark.req("ID2")
def test_each_of_several_providers_answers_for_itself(store: Store, provider: Provider, between: Between) -> None:
    first = client_of(provider.issuer, between, name="first", domains=frozenset({"example.com"}))
    other = client_of("http://127.0.0.1:9", between, name="other", domains=frozenset({"example.org"}))
    identity = IdentityService(
        store=store,
        audit=AuditLog(utc_now),
        authorizer=Authorizer(PolicyEngine.built_in()),
        providers=Providers([first, other]),
        clock=utc_now,
        on_change=lambda: None,
    )
    assert identity.asks_for_email

    def answer() -> dict[str, str]:
        return provider.click(identity.begin_sign_in("/", email="Ada@Example.com"), "ada")

    back = answer()
    session, _ = identity.finish_sign_in(state=back["state"], code=back["code"], issuer=back["iss"], provider="first")
    assert identity.authenticate_session(session.secret).provider == "first"
    for door in ("other", "", "nobody"):
        back = answer()
        with pytest.raises(SignInRefusedError, match="another identity provider"):
            identity.finish_sign_in(state=back["state"], code=back["code"], issuer=back["iss"], provider=door)
    for email in ("x@elsewhere.example", "", "example.com@", "x@sub.example.com"):
        with pytest.raises(SignInRefusedError, match="no identity provider here speaks"):
            identity.begin_sign_in("/", email=email)


@pytest.mark.req("ID2")
def test_an_address_does_not_pass_to_another_account_by_itself(identity: IdentityService, provider: Provider) -> None:
    admin = identity.remember_person(Claims("https://idp", "2", "root@example.com", "Root", ("admins",), {}))
    identity.roles.apply_rules([("admins", "org-admin", "organization:default")])
    session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada"))
    again = provider.click(identity.begin_sign_in("/"), "ada.again")
    with pytest.raises(SignInRefusedError, match="belongs to another account") as refused:
        finish(identity, again)
    assert "bailiwick person release" in refused.value.hint
    with identity._store.transaction() as session_:
        [event] = [item.event for item in search(session_, AuditQuery(action="session.refused")).events]
    assert (event.actor, event.outcome) == ("user:ada@example.com", Outcome.REFUSED)
    assert "belongs to another account" in event.reason
    assert identity.authenticate_session(session.secret).name == "Person ada"
    with pytest.raises(InvalidInputError, match="needs a reason"):
        identity.release_person(admin, "user:ada@example.com", " ")
    identity.release_person(admin, "user:ada@example.com", "Ada left, the address is another Ada's now")
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_session(session.secret)
    session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada.again"))
    assert identity.authenticate_session(session.secret).name == "Person ada.again"
    with pytest.raises(SignInRefusedError, match="belongs to another account"):
        finish(identity, provider.click(identity.begin_sign_in("/"), "ada"))


@pytest.mark.req("ID2", "ID3")
def test_who_leaves_at_the_provider_leaves_here(identity: IdentityService, store: Store, provider: Provider) -> None:
    with httpx2.Client(timeout=10) as browser:
        session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada", browser))
        bob, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "bob"))
        owner = identity.authenticate_session(session.secret)
        token = identity.issue_token(
            owner.identity, audience=API_AUDIENCE, lifetime=timedelta(hours=1), purpose="command line"
        )
        told = provider.leave(browser)
    identity.provider_logout("", told)
    with pytest.raises(CredentialRefusedError, match="revoked"):
        identity.authenticate_session(session.secret)
    with pytest.raises(CredentialRefusedError, match="revoked"):
        identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    identity.authenticate_session(bob.secret)
    again, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada"))
    with pytest.raises(SignInRefusedError, match="used before"):
        identity.provider_logout("", told)
    identity.authenticate_session(again.secret)
    with store.transaction() as session_:
        found = search(session_, AuditQuery(action="principal.revoked"))
    assert [(event.event.actor, event.event.resource) for event in found.events] == [
        ("service:identity-provider/company", "user:ada@example.com")
    ]


@pytest.mark.req("ID2")
def test_signing_out_here_signs_out_at_the_provider_where_settings_say_so(
    store: Store, provider: Provider, between: Between
) -> None:
    here = "http://127.0.0.1:8400/sign-in"
    identity = service_of(store, client_of(provider.issuer, between, leave_to=here))
    with httpx2.Client(timeout=10) as browser:
        session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada", browser))
        onward = identity.sign_out(session.secret)
        assert onward.startswith(f"{provider.issuer}/session/end?client_id=bailiwick&")
        assert httpx2.URL(onward).params["logout_hint"] == "ada@example.com"
        assert provider.confirm_leaving(browser, onward) == here
    quiet = service_of(store, client_of(provider.issuer, between))
    session, _ = finish(quiet, provider.click(quiet.begin_sign_in("/"), "ada"))
    assert quiet.sign_out(session.secret) == ""


@pytest.mark.req("ID2")
def test_signing_out_works_while_the_provider_does_not_answer(store: Store, provider: Provider) -> None:
    identity = service_of(store, client_of("http://127.0.0.1:1", Between(), leave_to="http://127.0.0.1:8400/sign-in"))
    session = identity.sign_in(Claims("i", "s", "ada@example.com", "Ada", (), {}, Proof(provider="company")))
    assert identity.sign_out(session.secret) == ""
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_session(session.secret)


@pytest.mark.req("ID2")
def test_what_is_no_logout_token_ends_nothing(identity: IdentityService, provider: Provider, between: Between) -> None:
    taken: list[str] = []

    def keep(token: str) -> str:
        taken.append(token)
        return token

    between.change = keep
    with httpx2.Client(timeout=10) as browser:
        session, _ = finish(identity, provider.click(identity.begin_sign_in("/"), "ada", browser))
        told = provider.leave(browser)
    for forged in (taken[0], unsigned(told), signed_by_somebody_else(told), "", "x.y.z", told[:-8] + "AAAAAAAA"):
        with pytest.raises(SignInRefusedError):
            identity.provider_logout("", forged)
    identity.authenticate_session(session.secret)
    with pytest.raises(SignInRefusedError, match="no such identity provider"):
        identity.provider_logout("nobody", told)


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": "x"}, "not a logout token"),
        ({"events": {}}, "not a logout token"),
        ({"events": "http://schemas.openid.net/event/backchannel-logout"}, "not a logout token"),
        ({"sub": "", "sid": ""}, "names nobody"),
        ({"aud": "another-app"}, "not for us"),
        ({"exp": 1}, "not for us"),
        ({"exp": 10**30}, "not for us"),
        ({"jti": None}, "not for us"),
        ({"iss": "http://127.0.0.1:1"}, "not for us"),
    ],
)
def test_a_signed_token_that_is_no_logout_for_us_is_refused(
    provider: Provider, between: Between, change: dict[str, Any], words: str
) -> None:
    ours = RSAKey.generate_key(2048, {"kid": "ours"})
    between.keys = {"keys": [ours.as_dict(private=False)]}
    client = client_of(provider.issuer, between)
    now = int(utc_now().timestamp())
    event = {"http://schemas.openid.net/event/backchannel-logout": {}}
    good = {
        "iss": provider.issuer, "aud": "bailiwick", "iat": now, "exp": now + 60, "jti": "1", "sub": "ada",
        "events": event,
    }  # fmt: skip
    head = {"alg": "RS256", "kid": "ours", "typ": "logout+jwt"}
    assert client.read_logout(jwt.encode(head, good, ours)).subject == "ada"
    with pytest.raises(SignInRefusedError, match=words):
        client.read_logout(jwt.encode(head, {**good, **change}, ours))
