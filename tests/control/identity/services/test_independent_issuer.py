"""Tokens of an issuer that is not ours, npm's oidc-provider: discovery, keys and signatures as others make them."""

import httpx2
import pytest

from bailiwick.control.identity import ServiceDraft, TrustDraft
from bailiwick.control.identity.oidc import Attempt
from bailiwick.control.identity.services import AssertionRefusedError
from bailiwick.core.pkce import pkce_challenge
from tests.control.identity.conftest import REDIRECT_URI, Provider
from tests.fixtures.company import Company


def id_token(provider: Provider, who: str) -> str:
    """Return an ID token of somebody, which is made for the client `bailiwick`."""
    attempt = Attempt.new()
    query = {
        "response_type": "code",
        "client_id": "bailiwick",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": pkce_challenge(attempt.verifier),
        "code_challenge_method": "S256",
    }
    back = provider.click(str(httpx2.URL(f"{provider.issuer}/auth", params=query)), who)
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT_URI}
    form |= {"client_id": "bailiwick", "code_verifier": attempt.verifier}
    return str(httpx2.post(f"{provider.issuer}/token", data=form).json()["id_token"])


@pytest.mark.req("ID4", "IN1")
def test_a_token_of_an_independent_issuer_stands_for_a_service(company: Company, provider: Provider) -> None:
    admin, control = company.people["admin"], company.control
    control.services.create(admin, ServiceDraft("service:deployer", "group:admin", "Deploys", 30))
    control.services.add_trust(admin, "service:deployer", TrustDraft(provider.issuer, "bailiwick", "ada"))
    token = control.exchange.for_itself(id_token(provider, "ada"), audience="api")
    assert str(token.identity.principal) == "service:deployer"
    with pytest.raises(AssertionRefusedError, match="trusts this token"):
        control.exchange.for_itself(id_token(provider, "ada.again"), audience="api")
    before = id_token(provider, "ada")
    provider.start()  # with new keys
    with pytest.raises(AssertionRefusedError):
        company.control.exchange.for_itself(before[:-6] + "AAAAAA", audience="api")
