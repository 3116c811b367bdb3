"""Tokens that are bound to a key (RFC 9449), at a server that checks each proof, and wants its nonce in it."""

from collections.abc import Iterator

import pytest

from bailiwick.core.messages import ClientCredentials, ServiceConnection
from bailiwick.core.principals import Call, Identity, Principal
from tests.dataplane.gateways.services.conftest import APP, TRACE, House
from tests.fixtures.authorization_server import CLIENT, CLIENT_SECRET, AuthorizationServer, authorization_server, client
from tests.fixtures.consents import REDIRECT_URI, Consented, credential_at

pytestmark = pytest.mark.req("IN2", "SE2")


@pytest.fixture(scope="module", params=[False, True], ids=["without-nonce", "with-nonce"])
def server(request: pytest.FixtureRequest) -> Iterator[AuthorizationServer]:
    with authorization_server([client(REDIRECT_URI, dpop_bound_access_tokens=True)], nonces=request.param) as started:
        yield started


def test_each_call_in_a_persons_name_proves_that_the_token_is_ours(
    house: House, consented: Consented, server: AuthorizationServer
) -> None:
    """The server's own protected resource is the service: it checks method, address, token and nonce of each proof."""
    consented.server = server
    credential = credential_at(server, dpop=True, par_url=f"{server.issuer}/request")
    consented.register(credential, url=server.issuer)
    consented.connect("builder")
    house.connection = ServiceConnection(kind="http", url=server.issuer, credential=credential, timeout_seconds=20)
    house.calls[TRACE] = Call(Identity(Principal("user", "builder@example.com"), frozenset()), APP, "r", TRACE)
    house.person_token = lambda request: consented.company.control.planes.consents.token("editor", request)
    for _ in range(3):  # with a proof of its own each
        assert house.call("GET", "/me").json()["sub"] == "builder@example.com"
    (held,) = house.gateway.credentials.tokens
    assert server.introspect(held)["token_type"] == "DPoP"
    # Renewed with the same key, which never leaves the platform.
    renewed = consented.token("builder", refused="0" * 64)
    assert renewed.token == held
    assert "PRIVATE" not in repr(renewed)
    assert renewed.key not in repr(renewed)
    server.revoke(held)
    answer = house.call("GET", "/me")
    assert answer.status_code == 403
    assert "connect their account again" in answer.json()["title"]


def test_a_token_of_the_platform_can_be_bound_too(house: House, server: AuthorizationServer) -> None:
    house.secrets["at-server"] = CLIENT_SECRET
    credential = ClientCredentials(
        kind="client-credentials", token_url=f"{server.issuer}/token", client=CLIENT, secret="at-server", dpop=True
    )
    house.connection = ServiceConnection(kind="http", url=f"{house.crm.url}/api", credential=credential)
    house.call("GET", "/contacts/17")
    (token,) = house.gateway.credentials.tokens
    assert server.introspect(token)["token_type"] == "DPoP"
    (asked,) = [item for item in house.crm.asked if item.headers["authorization"] == f"DPoP {token}"][-1:]
    assert asked.headers["dpop"].count(".") == 2
    unbound = credential.model_copy(update={"dpop": False})
    house.connection = house.connection.model_copy(update={"credential": unbound})
    assert "the token endpoint" in house.call("GET", "/contacts/17").json()["title"]
