"""Signed tokens that prove a service identity, and every way in which they do not."""

import base64
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, RSAKey

from bailiwick.control.identity import (
    API_AUDIENCE,
    GIT_AUDIENCE,
    CredentialRefusedError,
    Issuers,
    IssuerUnavailableError,
    Prover,
    ServiceDraft,
    TokenExchange,
    TrustDraft,
)
from bailiwick.control.identity.services import AssertionRefusedError, Patience, ServiceRefusedError
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, InvalidInputError
from tests.fixtures.company import Company
from tests.fixtures.issuer import WORKLOAD, Issuer, own_assertion

HERE = "http://127.0.0.1:8400"
NIGHTLY = "service:nightly"
KEY = ECKey.generate_key("P-256")
STRANGER = ECKey.generate_key("P-256")


@pytest.fixture
def exchange(company: Company) -> TokenExchange:
    make(company, NIGHTLY)
    company.control.services.add_key(company.people["admin"], NIGHTLY, dict(KEY.as_dict(private=False)))
    return company.control.exchange


def make(company: Company, name: str) -> None:
    draft = ServiceDraft(name, "user:admin@example.com", "For the tests", 30)
    company.control.services.create(company.people["admin"], draft)


def trust(company: Company, at: Issuer, name: str = NIGHTLY, **changes: Any) -> str:
    terms = replace(TrustDraft(at.url, "bailiwick", WORKLOAD), **changes)
    return company.control.services.add_trust(company.people["admin"], name, terms).id


def patient(exchange: TokenExchange, patience: Patience) -> TokenExchange:
    """Return the exchange with other patience towards issuers."""
    return replace(exchange, prover=replace(exchange.prover, issuers=Issuers(patience=patience)))


def seconds(offset: int) -> int:
    return int(utc_now().timestamp()) + offset


# -- own keys --------------------------------------------------------------------------------------------------------


@pytest.mark.req("ID4", "IN1")
def test_a_service_gets_a_short_token_for_its_signature(company: Company, exchange: TokenExchange) -> None:
    token = exchange.for_itself(own_assertion(NIGHTLY, KEY, f"{HERE}/oauth/token"), audience="api")
    assert 890 <= (token.expires - company.control.clock()).total_seconds() <= 900
    found = company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    assert (str(found.principal), found.names, found.is_person) == (NIGHTLY, {NIGHTLY}, False)
    assert company.control.services.view(company.people["admin"], NIGHTLY).service.last_used is not None


@pytest.mark.req("ID4")
def test_a_token_for_git_does_not_open_the_api(company: Company, exchange: TokenExchange) -> None:
    token = exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="git")
    company.control.identity.authenticate_token(token.secret, audience=GIT_AUDIENCE)
    with pytest.raises(CredentialRefusedError):
        company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)


def other_assertions() -> tuple[tuple[dict[str, Any], str], ...]:
    return (
        ({"aud": "https://elsewhere.example"}, "not made for us"),
        ({"aud": [HERE, "https://elsewhere.example"]}, "not made for us"),
        ({"aud": None}, "not made for us"),
        ({"aud": []}, "not made for us"),
        ({"exp": None}, "never expires"),
        ({"exp": seconds(-120)}, "expired"),
        ({"exp": seconds(3600)}, "lives too long"),
        ({"exp": 1e300}, "not a time"),
        ({"exp": "tomorrow"}, "not a time"),
        ({"exp": True}, "not a time"),
        ({"nbf": seconds(300)}, "not valid yet"),
        ({"iat": seconds(300)}, "not valid yet"),
        ({"jti": None}, "no jti"),
        ({"jti": "x" * 300}, "jti"),
        ({"jti": 7}, "jti"),
        ({"sub": "service:other"}, "iss and sub"),
        ({"sub": None}, "no subject"),
        ({"iss": "service:other"}, "not signed by a key"),
        ({"iss": "agent:nightly"}, "not signed by a key"),
    )


@pytest.mark.req("ID4", "IN1")
def test_an_assertion_that_says_something_else_is_refused(exchange: TokenExchange) -> None:
    for claims, words in other_assertions():
        with pytest.raises(AssertionRefusedError, match=words):
            exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE, **claims), audience="api")


@pytest.mark.req("ID4")
def test_a_clock_may_be_a_minute_off(exchange: TokenExchange) -> None:
    ahead = own_assertion(NIGHTLY, KEY, HERE, nbf=seconds(50), iat=seconds(50))
    behind = own_assertion(NIGHTLY, KEY, HERE, exp=seconds(-50))
    for token in (ahead, behind):
        exchange.for_itself(token, audience="api")


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def by_hand(header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a token as no decent library would make it."""
    claims = {"iss": NIGHTLY, "sub": NIGHTLY, "aud": HERE, "exp": seconds(60), "jti": str(header)}
    body = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{body}.{encoded(sign(body.encode()))}"


def unsigned(alg: str) -> str:
    return by_hand({"alg": alg}, lambda _: b"")


def keyed_with_the_public_key() -> str:
    """Return a token whose HMAC secret is the public key that everybody knows (RFC 8725, section 2.1)."""
    secret = KEY.as_pem(private=False)
    return by_hand({"alg": "HS256"}, lambda body: hmac.digest(secret, body, "sha256"))


def with_its_own_key_inside() -> str:
    """Return a token signed by a stranger's key that it brings along (RFC 8725, section 2.1)."""
    return by_hand({"alg": "ES256", "jwk": STRANGER.as_dict(private=False)}, lambda body: es256(STRANGER, body))


def critical() -> str:
    """Return a token that must not be taken by whoever does not know its extension (RFC 7515, section 4.1.11)."""
    return by_hand({"alg": "ES256", "crit": ["only-once"], "only-once": True}, lambda body: es256(KEY, body))


def es256(key: ECKey, body: bytes) -> bytes:
    r, s = decode_dss_signature(key.private_key.sign(body, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def not_signed() -> tuple[str, ...]:
    return (
        unsigned("none"),
        unsigned("None"),
        keyed_with_the_public_key(),
        with_its_own_key_inside(),
        critical(),
        own_assertion(NIGHTLY, STRANGER, HERE),
        own_assertion(NIGHTLY, KEY, HERE)[:-4] + "AAAA",
        "",
        "a.b.c",
        "....",
        "e30.e30.",
        "x" * 20_000,
        f"{'W10'}.{'W10'}.x",
        base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.x",
    )


@pytest.mark.req("ID4", "IN1")
def test_what_no_registered_key_signed_is_refused(exchange: TokenExchange) -> None:
    for token in not_signed():
        with pytest.raises(AssertionRefusedError):
            exchange.for_itself(token, audience="api")


def test_a_token_made_by_hand_is_taken_when_it_is_right(exchange: TokenExchange) -> None:
    exchange.for_itself(by_hand({"alg": "ES256"}, lambda body: es256(KEY, body)), audience="api")


@pytest.mark.req("ID4")
def test_an_assertion_works_once(company: Company, exchange: TokenExchange) -> None:
    assertion = own_assertion(NIGHTLY, KEY, HERE)
    exchange.for_itself(assertion, audience="api")
    with pytest.raises(AssertionRefusedError, match="used before"):
        exchange.for_itself(assertion, audience="git")
    assert ("token.refused", NIGHTLY) in company.actions()


@pytest.mark.req("ID4")
def test_an_assertion_works_once_when_many_come_at_the_same_time(exchange: TokenExchange) -> None:
    assertion, taken, refused = own_assertion(NIGHTLY, KEY, HERE), [], []

    def come() -> None:
        try:
            taken.append(exchange.for_itself(assertion, audience="api"))
        except AssertionRefusedError as fault:
            refused.append(fault)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 5)


@pytest.mark.req("ID4", "ID3")
@pytest.mark.parametrize("end", ["disable", "remove key", "remove", "expire"])
def test_what_a_service_holds_ends_with_what_it_came_from(company: Company, exchange: TokenExchange, end: str) -> None:
    from datetime import timedelta

    from sqlalchemy import update

    from bailiwick.control.identity.tables import ServiceRow

    services, admin = company.control.services, company.people["admin"]
    token = exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="api")
    if end == "expire":
        with company.control.store.transaction() as session:
            session.execute(update(ServiceRow).values(expires=utc_now() - timedelta(seconds=1)))
    elif end == "remove key":
        services.remove_key(admin, NIGHTLY, KEY.thumbprint(), "leaked")
    else:
        getattr(services, end)(admin, NIGHTLY, "over")
    with pytest.raises(CredentialRefusedError):
        company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    with pytest.raises((AssertionRefusedError, ServiceRefusedError)):
        exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="api")


def test_switched_on_again_it_needs_a_fresh_token(company: Company, exchange: TokenExchange) -> None:
    services, admin = company.control.services, company.people["admin"]
    token = exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="api")
    services.disable(admin, NIGHTLY, "checking")
    services.enable(admin, NIGHTLY, "checked")
    with pytest.raises(CredentialRefusedError, match="revoked"):
        company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    exchange.for_itself(own_assertion(NIGHTLY, KEY, HERE), audience="api")


# -- other issuers ---------------------------------------------------------------------------------------------------


@pytest.mark.req("ID4", "IN1")
def test_a_workload_gets_a_token_by_its_own_issuers(company: Company, exchange: TokenExchange, issuer: Issuer) -> None:
    trust(company, issuer)
    signed = issuer.token(exp=seconds(300))
    token = exchange.for_itself(signed, audience="api")
    assert str(token.identity.principal) == NIGHTLY
    assert (token.expires - utc_now()).total_seconds() <= 300
    exchange.for_itself(signed, audience="api")  # a job has one token for all its steps
    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}


def other_workloads() -> tuple[dict[str, Any], ...]:
    return (
        {"sub": "system:serviceaccount:billing:other"},
        {"sub": f"{WORKLOAD}-evil"},
        {"sub": WORKLOAD[:-1]},
        {"sub": WORKLOAD.upper()},
        {"sub": None},
        {"aud": "elsewhere"},
        {"aud": ["bailiwick", "elsewhere"]},
        {"iss": "http://127.0.0.1:1"},
        {"exp": seconds(-120)},
        {"exp": None},
        {"exp": seconds(30 * 3600)},
        {"nbf": seconds(300)},
    )


@pytest.mark.req("ID4")
def test_a_workloads_token_that_says_something_else_is_refused(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    trust(company, issuer)
    for claims in other_workloads():
        with pytest.raises(AssertionRefusedError):
            exchange.for_itself(issuer.token(**claims), audience="api")


@pytest.mark.req("ID4")
def test_a_prefix_fits_what_is_below_it_and_nothing_beside(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    trust(company, issuer, subject="repo:acme/desk:", subject_prefix=True, claims={"ref_protected": "true"})
    exchange.for_itself(issuer.token(sub="repo:acme/desk:ref:refs/heads/main", ref_protected=True), audience="api")
    for subject in ("repo:acme/desk-evil:ref:x", "repo:acme/desk:", "xrepo:acme/desk:ref", "repo:ACME/desk:ref"):
        with pytest.raises(AssertionRefusedError):
            exchange.for_itself(issuer.token(sub=subject, ref_protected=True), audience="api")
    for protected in (False, None, "True", 1, ["true"]):
        with pytest.raises(AssertionRefusedError):
            exchange.for_itself(issuer.token(sub="repo:acme/desk:ref:x", ref_protected=protected), audience="api")


GITHUB = "https://token.actions.githubusercontent.com"


TOO_WEAK = (
    {"issuer": "http://ci.example"},
    {"issuer": "https://user@ci.example"},
    {"issuer": "file:///etc/passwd"},
    {"issuer": "https://"},
    {"subject": "repo:*"},
    {"subject": "repo:acme/desk", "subject_prefix": True},
    {"subject": "repo:", "subject_prefix": True},
    {"subject": ""},
    {"subject": "", "subject_prefix": True, "claims": {"repository": "acme/desk"}},
    {"issuer": GITHUB, "subject": "", "claims": {"ref": "refs/heads/main"}},
    {"issuer": GITHUB, "subject": "repo:acme:anything", "subject_prefix": False},
    {"issuer": "https://gitlab.com", "subject": "", "claims": {"ref_protected": "true"}},
    {"claims": {"aud": "x"}},
    {"claims": {"repository": ""}},
    {"audience": ""},
    {"jwks": {"keys": []}},
    {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
    {"jwks": {"keys": "none"}},
)


@pytest.mark.req("ID4")
def test_a_trust_that_would_take_in_strangers_is_not_made(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    for change in TOO_WEAK:
        with pytest.raises(InvalidInputError):
            trust(company, issuer, **change)


@pytest.mark.req("ID4")
def test_a_token_that_fits_two_identities_must_say_which(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    make(company, "service:other")
    trust(company, issuer)
    trust(company, issuer)
    exchange.for_itself(issuer.token(), audience="api")  # two trusts of one identity are one answer
    trust(company, issuer, "service:other")
    with pytest.raises(AssertionRefusedError, match="more than one"):
        exchange.for_itself(issuer.token(), audience="api")
    named = exchange.for_itself(issuer.token(), audience="api", named="service:other")
    assert str(named.identity.principal) == "service:other"
    with pytest.raises(AssertionRefusedError):
        exchange.for_itself(issuer.token(), audience="api", named="service:none")


@pytest.mark.req("ID4")
def test_an_issuers_new_key_is_taken_and_its_old_one_forgotten(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    exchange = patient(exchange, Patience(fresh=300, stale=3600, between=0))
    trust(company, issuer)
    old = issuer.token()
    exchange.for_itself(old, audience="api")
    issuer.rotate("second")
    exchange.for_itself(issuer.token(), audience="api")
    with pytest.raises(AssertionRefusedError):
        exchange.for_itself(old, audience="api")


@pytest.mark.req("ID4")
def test_keys_that_nobody_knows_do_not_make_us_ask_and_ask(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    trust(company, issuer)
    exchange.for_itself(issuer.token(), audience="api")
    stranger = RSAKey.generate_key(2048, parameters={"kid": "unknown"})
    for _ in range(5):
        with pytest.raises(AssertionRefusedError):
            exchange.for_itself(issuer.token(key=stranger, header={"kid": "unknown"}), audience="api")
    assert issuer.asked["/keys"] == 1
    with pytest.raises(AssertionRefusedError):
        exchange.for_itself(issuer.token(key=stranger), audience="api")


@pytest.mark.req("ID4", "IN1")
def test_a_private_clusters_keys_can_be_given(company: Company, exchange: TokenExchange, issuer: Issuer) -> None:
    trust(company, issuer, jwks=issuer.jwks)
    exchange.for_itself(issuer.token(), audience="api")
    assert issuer.asked == {}
    issuer.rotate("second")
    with pytest.raises(AssertionRefusedError):
        exchange.for_itself(issuer.token(), audience="api")


def _named_otherwise(issuer: Issuer) -> None:
    document = {"issuer": "https://other.example", "jwks_uri": f"{issuer.url}/keys"}
    issuer.answers["/.well-known/openid-configuration"] = json.dumps(document).encode()


def _keys_at(location: str) -> Callable[[Issuer], None]:
    def change(issuer: Issuer) -> None:
        document = {"issuer": issuer.url, "jwks_uri": location}
        issuer.answers["/.well-known/openid-configuration"] = json.dumps(document).encode()

    return change


def _keys(body: bytes) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.answers.update({"/keys": body})


@pytest.mark.req("ID4")
@pytest.mark.parametrize(
    "misbehave",
    [
        _named_otherwise,
        _keys_at("http://198.51.100.1/keys"),
        _keys_at("file:///etc/passwd"),
        _keys_at(""),
        _keys(b"<html>"),
        _keys(b"[" * 100_000),
        _keys(b"null"),
        _keys(b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "first"}]}'),
        _keys(b'{"keys": [' + b" " * 10_000_000 + b"]}"),
        Issuer.close,
    ],
    ids=["other name", "http elsewhere", "file", "nowhere", "html", "deep", "null", "symmetric", "10 MB", "gone"],
)
def test_an_issuer_that_answers_nonsense_lets_nobody_in(
    company: Company, exchange: TokenExchange, issuer: Issuer, misbehave: Callable[[Issuer], None]
) -> None:
    trust(company, issuer)
    misbehave(issuer)
    with pytest.raises(IssuerUnavailableError):
        exchange.for_itself(issuer.token(), audience="api")


@pytest.mark.req("ID4")
def test_an_issuer_that_drips_is_not_waited_for_and_holds_no_transaction(
    company: Company, exchange: TokenExchange, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bailiwick.control.identity.services.issuers._TIMEOUT_SECONDS", 0.5)
    trust(company, issuer)
    issuer.drip_seconds = 0.05
    with pytest.raises(IssuerUnavailableError):
        patient(exchange, Patience()).for_itself(issuer.token(), audience="api")
    assert company.control.store.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.req("ID4")
def test_an_issuer_that_is_away_for_a_while_does_not_stop_those_it_vouched_for(
    company: Company, exchange: TokenExchange, issuer: Issuer
) -> None:
    now = [0.0]
    issuers = Issuers(monotonic=lambda: now[0])
    exchange = replace(exchange, prover=replace(exchange.prover, issuers=issuers))
    trust(company, issuer)
    exchange.for_itself(issuer.token(), audience="api")
    issuer.answers["/keys"] = b"away"
    now[0] = 1000.0
    exchange.for_itself(issuer.token(), audience="api")
    now[0] = 5000.0
    with pytest.raises(IssuerUnavailableError):
        exchange.for_itself(issuer.token(), audience="api")


@pytest.mark.req("ID4", "ID3")
def test_a_trust_that_is_taken_away_takes_its_tokens(company: Company, exchange: TokenExchange, issuer: Issuer) -> None:
    admin, trust_id = company.people["admin"], trust(company, issuer)
    token = exchange.for_itself(issuer.token(), audience="api")
    company.control.services.remove_trust(admin, NIGHTLY, trust_id, "cluster is gone")
    with pytest.raises(CredentialRefusedError):
        company.control.identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    with pytest.raises(AssertionRefusedError):
        exchange.for_itself(issuer.token(), audience="api")


def test_there_is_an_end_to_keys_and_trusts(company: Company, exchange: TokenExchange) -> None:
    admin, services = company.people["admin"], company.control.services
    for _ in range(4):
        services.add_key(admin, NIGHTLY, dict(ECKey.generate_key("P-256").as_dict(private=False)))
    with pytest.raises(ConflictError, match="5 keys"):
        services.add_key(admin, NIGHTLY, dict(ECKey.generate_key("P-256").as_dict(private=False)))


def test_the_prover_is_told_our_own_names(company: Company) -> None:
    assert isinstance(company.control.exchange.prover, Prover)
    assert company.control.exchange.prover.audiences == {HERE, f"{HERE}/oauth/token"}
