"""What an authority of the company may answer a request with; pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bailiwick.control.certificate_requests.pem import chain_of, joined, new_key, request_of
from bailiwick.core.errors import InvalidInputError

pytestmark = pytest.mark.req("IN1", "SE1")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Signer:
    """An authority of the company."""

    def __init__(self, name: str, signed_by: "Signer | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = signed_by or self
        self.pem = _pem(_built(issuer, self.name, self.key.public_key(), NOW, ()))

    def sign(self, csr_pem: str, *, days: int = 30, begins: datetime = NOW, **usages: bool) -> str:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        chosen = [getattr(ExtendedKeyUsageOID, name.upper()) for name in usages or {"client_auth": True}]
        return _pem(_built(self, csr.subject, csr.public_key(), begins, chosen, days))


def _built(signer: Signer, subject: x509.Name, key: object, begins: datetime, usages: object, days: int = 30):  # type: ignore[no-untyped-def]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(days=1))
        .not_valid_after(begins + timedelta(days=days))
    )
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)  # type: ignore[arg-type]
    return builder.sign(signer.key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def made() -> tuple[bytes, str, Signer, Signer]:
    root = Signer("root")
    key = new_key()
    return key, request_of(key, "bailiwick-crm", ("crm.example.com",)), root, Signer("clients", root)


def test_a_request_says_who_and_proves_the_key_and_holds_no_more(made: tuple[bytes, str, Signer, Signer]) -> None:
    key, csr, _, _ = made
    found = x509.load_pem_x509_csr(csr.encode())
    assert found.is_signature_valid
    assert found.subject.rfc4514_string() == "CN=bailiwick-crm"
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["crm.example.com"]
    assert "PRIVATE" not in csr
    assert key.decode() not in csr


@pytest.mark.parametrize("usages", [{"client_auth": True}, {"any_extended_key_usage": True}])
def test_what_was_signed_is_taken_with_the_authorities_behind_it(
    made: tuple[bytes, str, Signer, Signer], usages: dict[str, bool]
) -> None:
    key, csr, root, clients = made
    leaf = clients.sign(csr, **usages)
    chain = chain_of(leaf + clients.pem + root.pem, key, NOW)
    value = joined(chain, key)
    assert value.startswith(leaf)
    assert value.endswith(key.decode())
    assert len(chain) == 3


Broken = Callable[[bytes, str, Signer, Signer], str]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda _, csr, root, clients: clients.sign(request_of(new_key(), "bailiwick-crm", ())), "of another key"),
        (lambda _, csr, root, clients: clients.pem + clients.sign(csr), "of another key"),
        (lambda _, csr, root, clients: clients.sign(csr, begins=NOW - timedelta(days=90)), "not good now"),
        (lambda _, csr, root, clients: clients.sign(csr, begins=NOW + timedelta(days=9)), "not good now"),
        (lambda _, csr, root, clients: clients.sign(csr, server_auth=True), "not for clients"),
        (lambda _, csr, root, clients: clients.sign(csr) + root.pem, "is not signed by the one behind it"),
        (lambda _, csr, root, clients: clients.sign(csr) + clients.sign(csr), "is not signed by the one behind it"),
        (lambda key, csr, root, clients: clients.sign(csr) + key.decode(), "a private key stands beside"),
        (lambda _, csr, root, clients: csr, "no certificates"),
        (lambda _, csr, root, clients: "", "no certificates"),
        (lambda _, csr, root, clients: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certifi"),
        (lambda _, csr, root, clients: clients.sign(csr) * 11, "no certificates"),
        (lambda _, csr, root, clients: clients.sign(csr) + " " * 70_000, "no certificates"),
    ],
)
def test_what_no_system_would_take_is_refused(
    made: tuple[bytes, str, Signer, Signer], broken: Broken, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        chain_of(broken(*made), made[0], NOW)


@pytest.mark.parametrize(
    ("subject", "hosts"),
    [("", ()), ("a" * 65, ()), ("a,O=b", ()), ("a\nb", ()), ("crm", ("*.example.com",)), ("crm", ("A",) * 21)],
)
def test_what_names_nobody_is_not_asked_for(subject: str, hosts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError):
        request_of(new_key(), subject, hosts)
