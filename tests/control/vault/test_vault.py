import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import text

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.vault import (
    CertificateAuthority,
    KeyUnavailableError,
    LocalFileKeyProvider,
    SealBrokenError,
    SecretNotFoundError,
    Vault,
)
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.keyed_masks import KEY_BYTES, MASK_KEY
from bailiwick.store import Store

SECRET = "correct horse battery staple"


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Vault:
    return Vault(store, LocalFileKeyProvider(tmp_path / "key"), AuditLog(), utc_now)


@pytest.mark.req("SE1")
def test_a_secret_comes_back_and_stands_nowhere_else(store: Store, vault: Vault) -> None:
    with store.transaction() as session:
        assert vault.put(session, "orders-db", SECRET, by="user:it@example.com") == 1
        assert vault.put(session, "orders-db", SECRET + "!", by="user:it@example.com") == 2
    with store.transaction() as session:
        assert vault.reveal(session, "orders-db") == SECRET + "!"
        sealed = session.execute(text("SELECT sealed FROM vault_secrets")).scalars().all()
        assert all(SECRET.encode() not in bytes(item) for item in sealed)
        events = search(session, AuditQuery(action="secret.stored")).events
        assert len(events) == 2
        assert SECRET not in str(events)
        assert SECRET not in repr(vault.names(session))
        assert vault.masker(session).mask(f"password={SECRET}!") == "password=•••"


@pytest.mark.req("SE1")
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE vault_secrets SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE name = 'a'",
        "UPDATE vault_secrets a SET sealed = b.sealed FROM vault_secrets b WHERE a.name = 'a' AND b.name = 'b'",
        "UPDATE vault_secrets SET kind = 'signing-key'",
        "DELETE FROM vault_keys",
    ],
)
def test_a_changed_or_swapped_ciphertext_does_not_open(store: Store, vault: Vault, attack: str) -> None:
    with store.transaction() as session:
        vault.put(session, "a", SECRET, by="x:y")
        vault.put(session, "b", "another secret", by="x:y")
        session.execute(text(attack))
    with pytest.raises((SealBrokenError, SecretNotFoundError)) as caught, store.transaction() as session:
        vault.reveal(session, "a")
    assert SECRET not in repr(caught.value)


@pytest.mark.req("SE1")
def test_another_key_file_opens_nothing(store: Store, vault: Vault, tmp_path: Path) -> None:
    with store.transaction() as session:
        vault.put(session, "a", SECRET, by="x:y")
    thief = Vault(store, LocalFileKeyProvider(tmp_path / "other"), AuditLog(), utc_now)
    with pytest.raises(KeyUnavailableError), store.transaction() as session:
        thief.reveal(session, "a")


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    LocalFileKeyProvider(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(KeyUnavailableError, match="may be read by others"):
        LocalFileKeyProvider(tmp_path / "key")


@pytest.mark.parametrize(("name", "value"), [("Bad Name", "x"), ("../x", "x"), ("a", ""), ("a", "x" * 20_000)])
def test_bad_names_and_values_are_refused(store: Store, vault: Vault, name: str, value: str) -> None:
    with pytest.raises(InvalidInputError), store.transaction() as session:
        vault.put(session, name, value, by="x:y")


def test_signing_keys_are_made_once_and_differ_by_purpose(store: Store, vault: Vault) -> None:
    with store.transaction() as session:
        first = vault.signing_key(session, "review")
    with store.transaction() as session:
        assert vault.signing_key(session, "review").public_text == first.public_text
        assert vault.signing_key(session, "release").public_text != first.public_text


@pytest.mark.req("DM2")
def test_certificates_name_the_plane_live_for_hours_and_verify(store: Store, vault: Vault, tmp_path: Path) -> None:
    with store.transaction() as session:
        authority = CertificateAuthority.load(session, vault, utc_now)
    with store.transaction() as session:
        assert CertificateAuthority.load(session, vault, utc_now).certificate_pem == authority.certificate_pem
    issued = authority.issue("plane/production", lifetime=timedelta(hours=1))
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://bailiwick/plane/production"]
    assert certificate.not_valid_after_utc - datetime.now(UTC) < timedelta(hours=1, minutes=1)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem.encode()))
    assert "PRIVATE" not in repr(issued)
    pair = tmp_path / "pair.pem"
    pair.touch(mode=0o600)
    pair.write_text(issued.key + issued.certificate)
    ssl.create_default_context().load_cert_chain(pair)


@pytest.mark.req("IN7", "SE1")
def test_the_key_of_masks_is_made_once_and_no_secret_can_have_its_name(store: Store, vault: Vault) -> None:
    with store.transaction() as session:
        key = vault.mask_key(session)
    with store.transaction() as session:
        assert vault.mask_key(session) == key
        assert len(bytes.fromhex(key)) == KEY_BYTES
        assert vault.names(session) == []
        with pytest.raises(InvalidInputError):
            vault.put(session, MASK_KEY, "0" * 64, by="user:it@example.com")
        with pytest.raises(SecretNotFoundError):
            vault.reveal(session, MASK_KEY)
        sealed = session.execute(text("SELECT sealed FROM vault_secrets")).scalars().all()
        assert all(bytes.fromhex(key) not in bytes(item) for item in sealed)
