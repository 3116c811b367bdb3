"""Client certificates of the platform's own authority: made, tried, switched, revoked, and made anew in time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError
from starlette.testclient import TestClient

from bailiwick.client_tls import client_context
from bailiwick.control.rotations import REVOCATIONS_PATH, CertificateSource, State
from bailiwick.control.vault import CertificateAuthority
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.server import Faces
from tests.control.exporters.certificates import Certificates
from tests.fixtures.authorization_server import authorization_server
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.mutual_tls import MutualService, mutual_service
from tests.fixtures.rotated import declare, put, rotate, shown, value

pytestmark = pytest.mark.req("SE2", "IN1")
NAME = "crm-certificate"


@pytest.fixture
def service(company: Company, tmp_path: Path) -> Iterator[MutualService]:
    authority = company.control.client_authority
    own = Certificates(tmp_path / "own")
    with mutual_service(own, authority.certificate(), authority.revocations) as made:
        yield made


def source(**other: Any) -> CertificateSource:
    return CertificateSource.model_validate({"kind": "certificate", "subject": "bailiwick-crm"} | other)


def certificate(company: Company, name: str = NAME) -> x509.Certificate:
    return x509.load_pem_x509_certificate(value(company, name).encode())


def go(company: Company, clock: MovingClock, name: str = NAME, **later: float) -> State:
    if later:
        clock.move(**later)
    company.control.rotation_keeper.keep()
    return shown(company, name)[1][0].state


def gets_in(service: MutualService, pem: str) -> bool:
    import httpx2

    try:
        answer = httpx2.get(service.url, verify=client_context(service.trusts, pem))
    except (httpx2.HTTPError, OSError):
        return False
    return answer.status_code == 200


def test_the_first_certificate_is_made_when_it_is_declared_and_its_key_leaves_for_gateways_alone(
    company: Company,
) -> None:
    declare(company, source(lifetime_hours=48), NAME)
    made, authority = certificate(company), company.control.client_authority
    issuer = x509.load_pem_x509_certificate(authority.certificate().encode())
    made.verify_directly_issued_by(issuer)
    assert made.subject.rfc4514_string() == "CN=bailiwick-crm"
    assert timedelta(hours=48) <= made.not_valid_after_utc - made.not_valid_before_utc < timedelta(hours=49)
    key = serialization.load_pem_private_key(value(company, NAME).encode(), None)
    assert key.public_key() == made.public_key()
    told = repr(shown(company, NAME)) + repr(company.actions())
    assert "PRIVATE" not in told
    # Whoever trusts it trusts no plane, and the planes' door does not trust it.
    with company.control.store.transaction() as session:
        planes = CertificateAuthority.load(session, company.control.vault, company.control.clock).certificate_pem
    with pytest.raises((InvalidSignature, ValueError)):
        made.verify_directly_issued_by(x509.load_pem_x509_certificate(planes.encode()))


def test_a_certificate_is_tried_and_the_old_one_works_until_it_is_revoked(
    company: Company, service: MutualService, clock: MovingClock
) -> None:
    declare(company, source(tried_at=service.url, authority=service.trusts), NAME, grace_minutes=3)
    old = value(company, NAME)
    rotate(company, NAME)
    assert go(company, clock) is State.SWITCHED
    new = value(company, NAME)
    assert service.shown == [x509.load_pem_x509_certificate(new.encode()).serial_number]
    assert (gets_in(service, old), gets_in(service, new)) == (True, True)
    assert go(company, clock, minutes=4) is State.DONE
    assert (gets_in(service, old), gets_in(service, new)) == (False, True)


def test_the_list_of_revoked_ones_is_for_everybody_and_signed(company: Company, clock: MovingClock) -> None:
    declare(company, source(), NAME, grace_minutes=0)
    old, where = certificate(company), company.control.client_authority.revocations_url
    told = old.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert [point.full_name[0].value for point in told if point.full_name] == [where]
    rotate(company, NAME)
    go(company, clock)
    assert go(company, clock, minutes=3) is State.DONE
    with TestClient(Faces(company.control)) as anybody:
        answer = anybody.get(REVOCATIONS_PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pkix-crl")
    found = x509.load_der_x509_crl(answer.content)
    issuer = x509.load_pem_x509_certificate(company.control.client_authority.certificate().encode())
    assert found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert [item.serial_number for item in found] == [old.serial_number]
    clock.move(hours=91 * 24)
    ended = x509.load_der_x509_crl(company.control.client_authority.revocations())
    assert list(ended) == []  # what has ended need not be listed


def test_the_next_one_is_made_when_two_thirds_of_its_life_are_over(company: Company, clock: MovingClock) -> None:
    declare(company, source(lifetime_hours=90), NAME)
    keeper, first = company.control.rotation_keeper, certificate(company)
    planned = shown(company, NAME)[0].next_rotation
    assert planned is not None
    assert timedelta(hours=59) < planned - clock() < timedelta(hours=60)
    clock.move(hours=59)
    keeper.keep()
    assert shown(company, NAME)[1] == []
    assert go(company, clock, hours=1) is State.SWITCHED
    found = shown(company, NAME)[1][0]
    assert (found.cause, found.reason) == ("schedule", "it comes near its end")
    second = certificate(company)
    assert second.serial_number != first.serial_number
    assert go(company, clock, hours=2) is State.DONE
    planned = shown(company, NAME)[0].next_rotation
    assert planned is not None
    assert planned > clock() + timedelta(hours=57)


def test_a_service_that_does_not_take_the_new_one_keeps_the_old_one_in_force(
    company: Company, service: MutualService, clock: MovingClock
) -> None:
    declare(company, source(tried_at=service.url, authority=service.trusts), NAME)
    old = certificate(company).serial_number
    service.refuses = lambda shown: shown.serial_number != old
    rotate(company, NAME)
    assert go(company, clock) is State.FAILED
    assert "takes the old certificate and not the new one: status 400" in shown(company, NAME)[1][0].error
    assert certificate(company).serial_number == old


def test_a_service_that_is_away_is_asked_again(company: Company, clock: MovingClock) -> None:
    declare(company, source(tried_at="https://localhost:1/"), NAME)
    old = certificate(company).serial_number
    rotate(company, NAME)
    assert go(company, clock) is State.STAGED
    assert go(company, clock, minutes=61) is State.FAILED
    assert certificate(company).serial_number == old


def test_a_client_of_a_token_endpoint_is_tried_there(
    company: Company, service: MutualService, clock: MovingClock
) -> None:
    where = {"tried_at": f"{service.url}/token", "authority": service.trusts}
    declare(company, source(**where, client="bailiwick-crm"), NAME)
    rotate(company, NAME)
    assert go(company, clock) is State.SWITCHED
    declare(company, source(**where, client="somebody-else"), "other-certificate")
    rotate(company, "other-certificate")
    assert go(company, clock, "other-certificate") is State.STAGED
    assert "invalid_client" in shown(company, "other-certificate")[1][0].error


def test_a_strict_server_of_others_knows_a_client_by_the_new_certificate(
    company: Company, clock: MovingClock, tmp_path: Path
) -> None:
    own = Certificates(tmp_path / "own")
    certificate_file, key = own.issue("localhost")
    tls = {"key": key.read_text(), "certificate": certificate_file.read_text()}
    tls |= {"authority": company.control.client_authority.certificate()}
    known = {
        "client_id": "crm", "redirect_uris": [], "response_types": [], "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=bailiwick-crm",
    }  # fmt: skip
    verify = client_context(own.ca.read_text())
    with authorization_server([known], tls=tls, verify=verify) as server:
        where = {"tried_at": f"{server.issuer}/token", "authority": own.ca.read_text()}
        declare(company, source(**where, client="crm"), NAME)
        rotate(company, NAME)
        assert go(company, clock) is State.SWITCHED
        declare(company, source(**where, client="crm", subject="somebody-else"), "other-certificate")
        rotate(company, "other-certificate")
        assert go(company, clock, "other-certificate") is State.STAGED
        assert "invalid_client" in shown(company, "other-certificate")[1][0].error


def test_a_key_that_leaks_is_revoked_once_planes_have_the_next_one(
    company: Company, service: MutualService, clock: MovingClock
) -> None:
    declare(company, source(), NAME, grace_minutes=6000)
    old = value(company, NAME)
    refused = company.push("builder", {"key.py": f"KEY = '''{old}'''\n"})
    assert not refused.accepted
    assert go(company, clock) is State.SWITCHED
    assert go(company, clock, minutes=3) is State.DONE
    assert (gets_in(service, old), gets_in(service, value(company, NAME))) == (False, True)


def test_a_certificate_in_code_is_no_leak_and_each_line_of_its_key_is(company: Company) -> None:
    declare(company, source(), NAME)
    whole = value(company, NAME)
    public, _, key = whole.partition("-----BEGIN PRIVATE KEY")
    trusted = company.control.client_authority.certificate()
    assert company.push("builder", {"trusted.py": f"TRUSTED = {trusted!r}\nOURS = {public!r}\n"}).accepted
    assert shown(company, NAME)[1] == []
    for line in key.splitlines()[1:-1]:
        assert not company.push("builder", {"key.py": f"PART = {line!r}\n"}).accepted
    assert shown(company, NAME)[1][0].cause == "leak"


def test_one_of_another_authority_is_replaced_and_not_said_to_be_revoked(
    company: Company, clock: MovingClock, tmp_path: Path
) -> None:
    theirs = "".join(file.read_text() for file in Certificates(tmp_path / "theirs").issue("bailiwick-crm"))
    put(company, NAME, theirs)
    declare(company, source(), NAME, grace_minutes=0)
    assert go(company, clock, hours=8) is State.SWITCHED  # two thirds of their two days are over
    assert go(company, clock, minutes=3) is State.DONE
    assert "of another authority" in shown(company, NAME)[1][0].steps[-1].words


def test_what_is_no_certificate_is_not_rotated_as_one(company: Company) -> None:
    put(company, NAME, "some-password")
    with pytest.raises(InvalidInputError, match="holds no certificate"):
        declare(company, source(), NAME)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": ""},
        {"subject": "a,O=other"},
        {"subject": "a\0"},
        {"subject": "x" * 65},
        {"lifetime_hours": 0},
        {"lifetime_hours": 100_000},
        {"tried_at": "http://127.0.0.1/"},
        {"client": "us"},
        {"authority": "none"},
    ],
    ids=str,
)
def test_a_certificate_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        source(**change)
