"""Certificates of planes and of their door are replaced in time, for the right name, while connections stay up."""

import ssl
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bailiwick.control.planes import enrol
from bailiwick.control.vault import CertificateAuthority
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.dataplane.agent.certificate import PlaneCertificate
from bailiwick.store import Store
from tests.control.planes.test_door import Door, authority_of, door

__all__ = ["door"]


@pytest.fixture
def authority(store: Store, tmp_path: Path) -> CertificateAuthority:
    return authority_of(store, tmp_path, "key")


def request_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "spiffe://bailiwick/control") -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name)])
    asked = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    return asked.public_bytes(serialization.Encoding.PEM)


def names_of(certificate: bytes) -> list[str]:
    parsed = x509.load_pem_x509_certificate(certificate)
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


@pytest.mark.req("DM2", "ID2")
def test_a_plane_gets_a_certificate_for_its_own_name_whatever_its_request_asks_for(door: Door) -> None:
    request = request_of(ec.generate_private_key(ec.SECP256R1()))
    answer = door.client("plane/editor").post("/plane/v1/certificate", content=request)
    assert names_of(answer.content) == ["spiffe://bailiwick/plane/editor"]


@pytest.mark.req("DM2", "ID2")
@pytest.mark.parametrize("body", [b"", b"garbage", b"x" * 9000])
def test_what_is_no_request_is_refused_in_words(door: Door, body: bytes) -> None:
    answer = door.client("plane/editor").post("/plane/v1/certificate", content=body)
    assert answer.status_code == 400
    assert "certificate request" in answer.json()["title"]


def test_requests_with_a_weak_or_foreign_key_are_refused(authority: CertificateAuthority) -> None:
    weak = request_of(rsa.generate_private_key(65537, 1024))
    with pytest.raises(InvalidInputError, match="EC P-256"):
        authority.answer("plane/editor", weak)
    whole = x509.load_pem_x509_csr(request_of(ec.generate_private_key(ec.SECP256R1())))
    der = bytearray(whole.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(InvalidInputError, match="not signed by its own key"):
        authority.answer("plane/editor", forged)


@pytest.mark.req("DM2", "ID2")
def test_the_door_changes_its_certificate_and_drops_nobody(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = door.client("plane/editor")
    assert connected.get("/plane/v1/welcome").status_code == 200
    file = door.folder / "door" / "credentials.pem"
    before = file.read_bytes()
    door.certificate.renew()
    assert file.read_bytes() == before
    monkeypatch.setattr(door.certificate, "_clock", lambda: utc_now() + timedelta(minutes=40))
    door.certificate.renew()
    assert file.read_bytes() != before
    assert connected.get("/plane/v1/welcome").status_code == 200
    assert shown_by(door) == x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def shown_by(door: Door) -> int:
    fresh = door.client("plane/production")
    with fresh.stream("GET", "/plane/v1/welcome") as answer:
        tls: ssl.SSLObject = answer.extensions["network_stream"].get_extra_info("ssl_object")
        certificate = tls.getpeercert(True)
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate).serial_number


@pytest.mark.req("DM2")
def test_enrolment_leaves_a_good_certificate_alone_and_replaces_what_lapsed_or_is_not_ours(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    folder = tmp_path / "plane"
    file = folder / "credentials.pem"
    ahead = timedelta()

    def clock() -> datetime:
        return utc_now() + ahead

    enrol(authority, "editor", folder, clock)
    first = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    enrol(authority, "editor", folder, clock)
    assert file.read_bytes() == first
    ahead = timedelta(minutes=50)
    enrol(authority, "editor", folder, clock)
    second = file.read_bytes()
    assert second != first
    ahead = timedelta()
    file.write_text("not a certificate")
    enrol(authority, "editor", folder, clock)
    assert names_of(file.read_bytes()) == ["spiffe://bailiwick/plane/editor"]


@pytest.mark.req("DM2", "ID2")
def test_a_plane_takes_no_certificate_for_another_key(authority: CertificateAuthority, tmp_path: Path) -> None:
    enrol(authority, "editor", tmp_path / "plane", utc_now)
    certificate = PlaneCertificate(tmp_path / "plane")
    assert 20 * 60 < certificate.seconds_until_renewal() <= 30 * 60
    first = (tmp_path / "plane" / "credentials.pem").read_bytes()
    certificate.request()
    other = authority.answer("plane/editor", request_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ValueError, match="not for the key"):
        certificate.take(other.encode())
    assert (tmp_path / "plane" / "credentials.pem").read_bytes() == first
