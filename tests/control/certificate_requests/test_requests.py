"""A certificate that the company's own authority signs: asked for, taken in, and given up."""

import ssl

import pytest

from bailiwick.client_tls import client_context
from bailiwick.control.rotations import Rule
from bailiwick.control.rotations.sources.certificate import CertificateSource
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from tests.control.certificate_requests.test_pem import Signer
from tests.fixtures.company import Company

pytestmark = pytest.mark.req("IN1", "SE1", "SE2")
NAME = "crm-certificate"


def signed(csr: str) -> str:
    root = Signer("the company")
    return root.sign(csr, begins=utc_now()) + root.pem


def test_a_key_never_leaves_and_what_was_signed_is_the_next_version(company: Company) -> None:
    requests, admin = company.control.certificate_requests, company.people["admin"]
    first = requests.ask(admin, NAME, subject="bailiwick-crm")
    again = requests.ask(admin, NAME, subject="bailiwick-crm")
    assert again.csr != first.csr
    assert requests.request(admin, NAME) == again
    with pytest.raises(InvalidInputError, match="of another key"):
        requests.install(admin, NAME, signed(first.csr))
    for somebody in ("builder", "user"):
        with pytest.raises(ForbiddenError):
            requests.install(company.people[somebody], NAME, signed(again.csr))
    certificates = signed(again.csr)
    assert requests.install(admin, NAME, certificates) == 1
    with pytest.raises(NotFoundError, match="no certificate was asked for"):
        requests.install(admin, NAME, certificates)
    with company.control.store.transaction() as session:
        value = company.control.vault.reveal(session, NAME)
        assert company.control.vault.sealed_blob(session, f"certificate-request/{NAME}") is None
    assert value.startswith(certificates)
    assert isinstance(client_context("", value), ssl.SSLContext)
    renewed = requests.ask(admin, NAME, subject="bailiwick-crm", hosts=("crm.example.com",))
    assert requests.install(admin, NAME, signed(renewed.csr)) == 2
    said = [action for action, _ in company.actions() if action.startswith("secret.")]
    said = said[said.index("secret.certificate-requested") :]
    assert said == [
        "secret.certificate-requested", "secret.certificate-requested", "secret.stored", "secret.certificate-installed",
        "secret.certificate-requested", "secret.stored", "secret.certificate-installed",
    ]  # fmt: skip


def test_nothing_is_asked_for_what_others_look_after(company: Company) -> None:
    requests, admin = company.control.certificate_requests, company.people["admin"]
    own = CertificateSource(kind="certificate", subject="bailiwick-own")
    company.control.rotations.declare(admin, "own", Rule("group:it", own, 0, 60), "mutual TLS")
    with pytest.raises(ConflictError, match="made by the platform's own authority"):
        requests.ask(admin, "own", subject="bailiwick-own")
    with pytest.raises(ForbiddenError):
        requests.ask(company.people["builder"], NAME, subject="me")
    with pytest.raises(NotFoundError, match="no folder"):
        requests.ask(admin, "nowhere/crm", subject="crm")
    made = requests.ask(admin, NAME, subject="bailiwick-crm")
    requests.withdraw(admin, NAME, "signed nowhere")
    with pytest.raises(NotFoundError):
        requests.install(admin, NAME, signed(made.csr))
