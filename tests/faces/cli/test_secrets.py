"""`bailiwick secret` and the API behind it: stored, declared, rotated and shown, and never a value."""

import json
from pathlib import Path

import pytest
from cryptography import x509

from tests.control.certificate_requests.test_requests import signed
from tests.faces.cli.conftest import CommandLine
from tests.fixtures.rotated import FIRST, NAME, Twins, put

pytestmark = pytest.mark.req("SE1", "SE2")


@pytest.fixture
def file(twins: Twins, tmp_path: Path) -> Path:
    path = tmp_path / "rotation.yaml"
    path.write_text(
        json.dumps(
            {"owner": "user:it@example.com", "every_hours": 720, "source": twins.source().model_dump(mode="json")}
        )
    )
    return path


def test_a_secret_is_declared_rotated_and_shown_without_any_value(
    command_line: CommandLine, twins: Twins, file: Path
) -> None:
    run, keeper = command_line.run, command_line.company.control.rotation_keeper
    declared = run("admin", "secret", "declare", NAME, file, "--reason", "once a month")
    assert declared.exit_code == 0, declared.output
    assert f"{twins.a}, {twins.b}, every 720 hours; the old value works 60 minutes" in declared.output
    asked = run("security", "secret", "rotate", NAME, "--reason", "somebody left", "--no-wait")
    assert "asked  asked" in asked.output
    keeper.keep()
    done = run("security", "secret", "rotate", NAME, "--reason", "and again", "--json")
    assert json.loads(done.output)["state"] == "switched"
    shown = run("admin", "secret", "show", NAME)
    assert f"version 2, 0 days old, signs in as {twins.b}, of user:it@example.com, rotated next" in shown.output
    assert "somebody left" in shown.output
    listed = run("admin", "secret", "list")
    assert f"{NAME:<30} production, version 2" in listed.output
    for said in (declared, asked, done, shown, listed):
        assert FIRST not in said.output
        assert "SCRAM" not in said.output
    assert run("builder", "secret", "rotate", NAME, "--reason", "x").exit_code == 1
    assert run("admin", "secret", "undeclare", NAME, "--reason", "it is gone").exit_code == 0
    assert "nothing says how it is rotated" in run("admin", "secret", "show", NAME).output


def test_a_rotation_that_fails_says_why_and_that_the_old_value_is_in_force(
    command_line: CommandLine, twins: Twins, file: Path
) -> None:
    run = command_line.run
    assert run("admin", "secret", "declare", NAME, file, "--reason", "once a month").exit_code == 0
    twins.run(f"REVOKE SELECT ON orders FROM {twins.b}")
    run("admin", "secret", "rotate", NAME, "--reason", "x", "--no-wait")
    command_line.company.control.rotation_keeper.keep()
    assert f"{twins.b} is no twin of {twins.a}" in run("admin", "secret", "show", NAME).output
    wrong = run("admin", "secret", "declare", NAME, file.with_name("none.yaml"))
    assert wrong.exit_code == 2
    file.write_text("owner: user:it@example.com\nsource: {kind: postgresql, host: h, database: d, roles: [a, b]}\n")
    assert run("admin", "secret", "declare", NAME, file, "--reason", "x").exit_code == 1


def test_a_secret_is_revealed_after_another_person_agreed(command_line: CommandLine) -> None:
    run = command_line.run
    put(command_line.company, "crm-key", "the-key-of-the-crm")
    asked = run("admin", "secret", "reveal", "crm-key", "--reason", "the vendor asks")
    identifier = asked.output.partition(":")[0]
    early = run("admin", "secret", "reveal", identifier)
    assert early.exit_code == 1
    assert "another administrator says" in early.output
    agreed = run("security", "secret", "approve-reveal", identifier, "--reason", "I know why")
    assert "user:admin@example.com may see crm-key once: the vendor asks" in agreed.output
    assert run("admin", "secret", "reveal", identifier).output == "the-key-of-the-crm\n"
    again = run("admin", "secret", "reveal", identifier)
    assert "shown once" in again.output
    assert "the-key" not in again.output


def test_a_certificate_is_made_by_declaring_it_and_its_authority_is_printed(
    command_line: CommandLine, tmp_path: Path
) -> None:
    run, file = command_line.run, tmp_path / "certificate.yaml"
    file.write_text("owner: user:it@example.com\nsource: {kind: certificate, subject: crm, lifetime_hours: 2160}\n")
    declared = run("admin", "secret", "declare", "crm-certificate", file, "--reason", "mutual TLS")
    assert declared.exit_code == 0, declared.output
    assert "by the platform's own authority, for CN=crm, when somebody asks, or it leaks, and before it ends (" in (
        declared.output
    )
    shown = run("admin", "secret", "show", "crm-certificate").output
    assert "rotated next" in shown
    run("security", "secret", "rotate", "crm-certificate", "--reason", "somebody left", "--no-wait")
    command_line.company.control.rotation_keeper.keep()
    assert "version 2, 0 days old, signs in as CN=crm" in run("admin", "secret", "list").output
    authority = run("builder", "secret", "authority").output
    assert x509.load_pem_x509_certificate(authority.encode()).subject.rfc4514_string() == "CN=Bailiwick clients"
    assert "PRIVATE" not in declared.output + shown + authority
    assert run("builder", "secret", "declare", "other", file, "--reason", "x").exit_code == 1
    assert "other" not in run("admin", "secret", "list").output


def test_the_secret_of_a_client_is_declared_and_shown_where_it_is_made(
    command_line: CommandLine, tmp_path: Path
) -> None:
    run, company, file = command_line.run, command_line.company, tmp_path / "client.yaml"
    put(company, "crm-client", "the-secret-of-the-client")
    put(company, "crm-registration", "the-token-of-its-registration")
    file.write_text(
        "owner: user:it@example.com\nevery_hours: 24\n"
        "source: {kind: oauth-client, server: login, client: bailiwick, registration: crm-registration}\n"
    )
    refused = run("admin", "secret", "declare", "crm-client", file, "--reason", "monthly")
    assert (refused.exit_code, "no authorization server 'login'" in refused.output) == (1, True)
    assert "secret_rotation.authorization_servers" in refused.output


def test_a_certificate_is_asked_for_signed_elsewhere_and_taken_in(command_line: CommandLine) -> None:
    run = command_line.run
    asked = run("admin", "secret", "request-certificate", "crm-certificate", "--subject", "crm", "--host", "a.example")
    assert asked.exit_code == 0, asked.output
    assert x509.load_pem_x509_csr(asked.output.encode()).subject.rfc4514_string() == "CN=crm"
    wrong = run("admin", "secret", "install-certificate", "crm-certificate", stdin=asked.output)
    assert wrong.exit_code == 1
    assert "these are no certificates" in wrong.output
    done = run("admin", "secret", "install-certificate", "crm-certificate", stdin=signed(asked.output))
    assert "crm-certificate: version 1" in done.output
    assert "crm-certificate" in run("admin", "secret", "list").output
    again = ("secret", "request-certificate", "crm-certificate", "--subject", "crm")
    assert run("builder", *again).exit_code == 1
    assert run("admin", *again).exit_code == 0
    given_up = ("secret", "withdraw-certificate-request", "crm-certificate", "--reason", "not needed")
    assert run("admin", *given_up).exit_code == 0
    assert "no certificate was asked for" in run("admin", *given_up).output
