"""How the gateway shows token endpoints and services who it is: keys, certificates, assertions, checked by others."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey
from pydantic import TypeAdapter

from bailiwick.client_tls import client_context
from bailiwick.core.messages import Credential, ServiceConnection
from bailiwick.core.principals import Call, Identity, Principal
from tests.control.exporters.certificates import Certificates
from tests.dataplane.gateways.services.conftest import APP, TRACE, House
from tests.fixtures.authorization_server import AuthorizationServer, authorization_server
from tests.fixtures.crm import KEY, crm

pytestmark = pytest.mark.req("IN2", "SE2")
CREDENTIAL: TypeAdapter[Credential] = TypeAdapter(Credential)
ODD_SECRET = "50% of + and / & more:"
ADA_TRACE, AGENT_TRACE = "1" * 32, "2" * 32


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form).decode()


@dataclass
class Peers:
    """A strict server over TLS, and what it knows of us."""

    server: AuthorizationServer
    certificates: Certificates
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    certificates = Certificates(tmp_path_factory.mktemp("proofs") / "authority")
    own, key = certificates.issue("bailiwick-client")
    host, host_key = certificates.issue("localhost")
    certificate = x509.load_pem_x509_certificate(own.read_bytes())
    der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    signing, rsa_key = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    google, partner = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    mtls_key = ECKey.import_key(key.read_text()).as_dict(private=False)
    base = {"redirect_uris": [], "grant_types": ["client_credentials"], "response_types": []}
    jwk = ECKey.import_key(pem(signing)).as_dict(private=False)
    clients: list[dict[str, Any]] = [
        {**base, "client_id": "by-secret", "client_secret": ODD_SECRET},
        {**base, "client_id": "by-key", "token_endpoint_auth_method": "private_key_jwt",
         "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": [{**jwk, "kid": "key-1"}]}},
        {**base, "client_id": "by-own-certificate", "token_endpoint_auth_method": "self_signed_tls_client_auth",
         "jwks": {"keys": [{**mtls_key, "x5c": [der]}]}},
        {**base, "client_id": "by-certificate", "token_endpoint_auth_method": "tls_client_auth",
         "tls_client_auth_subject_dn": "CN=bailiwick-client"},
    ]  # fmt: skip
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
    certified = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(certified, ec.EllipticCurvePrivateKey)
    exchanger = "gateway:exchange-secret"
    trusts = {
        "assertion": {"key": public(google), "issuer": "robot@project.example", "kid": "google-1"},
        "subject_token": {"key": public(partner), "issuer": "https://bailiwick.example", "client": exchanger},
        "client_assertion": {"key": public(certified), "issuer": "directory-app", "x5t": thumbprint},
    }  # fmt: skip
    tls = {"key": host_key.read_text(), "certificate": host.read_text(), "authority": certificates.ca.read_text()}
    verify = client_context(certificates.ca.read_text())
    with authorization_server(clients, tls=tls, verify=verify, trusts=trusts) as server:
        yield Peers(server, certificates, {
            "by-secret": ODD_SECRET, "by-key": pem(signing), "wrong-key": pem(rsa_key), "no-key": "hello",
            "certificate": own.read_text() + key.read_text(), "bare-certificate": own.read_text(),
            "google": pem(google), "partner": pem(partner), "exchange": "exchange-secret", "crm-key": KEY,
        })  # fmt: skip


@pytest.fixture
def ready(house: House, peers: Peers) -> House:
    """The gateway with those secrets; the system asks the server about tokens."""
    house.secrets = peers.secrets
    server = peers.server
    house.crm.introspect = lambda token: bool(server.introspect(token)["active"] or server.asserted(token)["active"])
    ada = Identity(Principal("user", "ada@example.com"), frozenset())
    agent = Identity.of_service(Principal("agent", "coder")).for_person(ada)
    house.calls |= {ADA_TRACE: Call(ada, APP, "r", ADA_TRACE), AGENT_TRACE: Call(agent, APP, "r", AGENT_TRACE)}
    return house


def use(house: House, peers: Peers, **credential: Any) -> None:
    path = credential.pop("path", "/token")
    house.connection = ServiceConnection(
        kind="http", url=f"{house.crm.url}/api", authority=peers.certificates.ca.read_text(), timeout_seconds=20,
        credential=CREDENTIAL.validate_python({"token_url": f"{peers.server.issuer}{path}", **credential}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("client", "shown", "secret"),
    [
        ("by-secret", "basic", "by-secret"),
        ("by-key", "private-key-jwt", "by-key"),
        ("by-own-certificate", "mutual-tls", "certificate"),
        ("by-certificate", "mutual-tls", "certificate"),
    ],
)
def test_a_client_shows_who_it_is_as_the_server_wants(
    ready: House, peers: Peers, client: str, shown: str, secret: str
) -> None:
    use(ready, peers, kind="client-credentials", client=client, shown=shown, secret=secret)
    assert ready.call("GET", "/contacts/17").status_code == 200
    (token,) = ready.gateway.credentials.tokens
    assert peers.server.introspect(token)["client_id"] == client


@pytest.mark.parametrize(
    ("client", "shown", "secret", "words"),
    [
        ("by-key", "private-key-jwt", "wrong-key", "answers with status 40"),
        ("by-key", "private-key-jwt", "no-key", "the secret no-key holds no private key that signs"),
        ("by-key", "body", "by-key", "answers with status 40"),
        ("by-certificate", "mutual-tls", "bare-certificate", "the client's certificate cannot be shown"),
        ("by-secret", "mutual-tls", "certificate", "answers with status 40"),
    ],
    ids=["another-key", "no-key", "key-as-password", "no-key-beside", "certificate-for-password"],
)
def test_what_shows_nothing_is_said_in_words(
    ready: House, peers: Peers, client: str, shown: str, secret: str, words: str
) -> None:
    use(ready, peers, kind="client-credentials", client=client, shown=shown, secret=secret)
    answer = ready.call("GET", "/contacts/17")
    assert answer.status_code == 503
    assert words in answer.json()["title"]
    assert "PRIVATE" not in answer.text + ready.told().model_dump_json()
    assert ready.crm.asked == []


def test_a_service_account_asks_by_an_assertion_for_itself_or_for_each_person(ready: House, peers: Peers) -> None:
    account = {"kind": "jwt-bearer", "path": "/assertions/token", "issuer": "robot@project.example", "secret": "google",
               "key_id": "google-1", "scopes": ["sheets.read"]}  # fmt: skip
    use(ready, peers, **account)
    assert ready.call("GET", "/contacts/17", trace="").status_code == 200
    (token,) = ready.gateway.credentials.tokens
    assert peers.server.asserted(token) == {"active": True, "scope": "sheets.read"}
    use(ready, peers, **account, subject="{person}")
    for trace in (TRACE, ADA_TRACE, ADA_TRACE):
        assert ready.call("GET", "/contacts/17", trace=trace).status_code == 200
    said = [peers.server.asserted(it)["sub"] for it in ready.gateway.credentials.tokens - {token}]
    assert sorted(said) == ["ada@example.com", "eve@example.com"]
    assert ready.call("GET", "/contacts/17", trace="").status_code == 403
    use(ready, peers, **{**account, "key_id": "another"})
    assert "what was granted has ended" in ready.call("GET", "/contacts/17").json()["title"]


def test_a_client_of_a_directory_is_known_by_its_certificate(ready: House, peers: Peers) -> None:
    use(
        ready, peers, kind="client-credentials", path="/assertions/token", client="directory-app",
        shown="private-key-jwt", secret="certificate",
    )  # fmt: skip
    assert ready.call("GET", "/contacts/17").status_code == 200
    (token,) = ready.gateway.credentials.tokens
    assert peers.server.asserted(token)["sub"] == "directory-app"


def test_our_word_that_an_app_or_an_agent_acts_for_a_person_is_exchanged(ready: House, peers: Peers) -> None:
    use(
        ready, peers, kind="token-exchange", path="/assertions/token", client="gateway", secret="exchange",
        issuer="https://bailiwick.example", signing_secret="partner", target="crm", scopes=["contacts.read"],
    )  # fmt: skip
    for trace in (TRACE, ADA_TRACE, AGENT_TRACE):
        assert ready.call("GET", "/contacts/17", trace=trace).status_code == 200
    said = [peers.server.asserted(token) for token in ready.gateway.credentials.tokens]
    assert sorted((item["sub"], item["act"]["sub"]) for item in said) == [
        ("ada@example.com", "agent:coder"), ("ada@example.com", f"app:{APP}"), ("eve@example.com", f"app:{APP}"),
    ]  # fmt: skip
    assert {(item["audience"], item["scope"]) for item in said} == {("crm", "contacts.read")}
    answer = ready.call("GET", "/contacts/17", trace="")
    assert (answer.status_code, "in a person's name" in answer.json()["title"]) == (403, True)


def test_a_service_that_wants_a_certificate_is_shown_one(ready: House, peers: Peers, tmp_path: Path) -> None:
    with crm(peers.certificates, mutual=True) as system:
        good = ServiceConnection(
            kind="http", url=f"{system.url}/api", authority=system.authority, client_certificate="certificate",
            credential=CREDENTIAL.validate_python({"kind": "bearer", "secret": "crm-key"}), timeout_seconds=20,
        )  # fmt: skip
        assert good.secrets == {"certificate", "crm-key"}
        ready.connection = good
        assert ready.call("GET", "/contacts/17").json()["name"] == "Ada"
        ready.connection = good.model_copy(update={"client_certificate": ""})
        assert ready.call("GET", "/contacts/17").status_code == 502
        ready.connection = good.model_copy(update={"client_certificate": "bare-certificate"})
        answer = ready.call("GET", "/contacts/17")
        assert answer.status_code == 503
        assert "the client's certificate cannot be shown" in answer.json()["title"]
        # One of an authority that the service does not know.
        stranger = Certificates(tmp_path / "stranger").issue("bailiwick-client")
        ready.secrets = {**peers.secrets, "stranger": "".join(file.read_text() for file in stranger)}
        ready.connection = good.model_copy(update={"client_certificate": "stranger"})
        assert ready.call("GET", "/contacts/17").status_code == 502
        assert len(system.asked) == 1
