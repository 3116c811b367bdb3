"""Who may look at, rotate, move and destroy the vault's keys, what the log says of it, and what opens afterwards."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.backup import BackupBrokenError, Source, check_backup, make_backup
from bailiwick.control.encryption_keys import ShreddingNotWaitingError
from bailiwick.control.vault import (
    KeyDestroyedError,
    KeyOptions,
    KeyUnavailableError,
    LocalFileOptions,
    Vault,
    open_keys,
    open_vault,
)
from bailiwick.core.clock import utc_now
from bailiwick.core.errors import ConflictError, ForbiddenError, InvalidInputError
from bailiwick.core.events import AuditEvent
from bailiwick.store import Store
from bailiwick.store.dump import dump, load
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.softhsm import Hsm

pytestmark = pytest.mark.req("VA4", "SE2")
SECRET = "correct horse battery staple"
WHY = "the contract ended"


@pytest.fixture
def keys(hsm: Hsm) -> KeyOptions:
    """Keys on an HSM, which are this installation's alone."""
    return KeyOptions(present=hsm.options(), own_key=True)


@pytest.fixture
def more_settings(keys: KeyOptions) -> dict[str, Any]:
    return {"vault_keys": keys}


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def secret(company: Company) -> str:
    put(company, "stripe", SECRET)
    return SECRET


def put(company: Company, name: str, value: str) -> None:
    with company.control.store.transaction() as session:
        company.control.vault.put(session, name, value, by="user:it@example.com")


def reveal(vault: Vault, store: Store, name: str) -> str:
    with store.transaction() as session:
        return vault.reveal(session, name)


def events(company: Company) -> list[AuditEvent]:
    with company.control.store.transaction() as session:
        found = search(session, AuditQuery(), limit=200).events
        return [item.event for item in found if item.event.action.startswith("encryption-key.")]


def shred(company: Company) -> str:
    company.control.encryption_keys.ask_shredding(company.people["admin"], "default", WHY)
    return company.control.encryption_keys.confirm_shredding(company.people["security"], "default", "agreed")[1]


def test_administrators_rotate_both_levels_and_the_log_says_who_and_why(
    company: Company, hsm: Hsm, secret: str
) -> None:
    service, people = company.control.encryption_keys, company.people
    before = service.show(people["security"])
    assert (before.provider, before.problem) == ("pkcs11", "")
    assert before.present.startswith(f"pkcs11:{hsm.key}/1-")
    after = service.rotate_company(people["security"], "once a year")
    assert after.present.startswith(f"pkcs11:{hsm.key}/2-")
    assert {version.kek_id for version in after.versions} == {after.present}
    after = service.rotate_tenant(people["admin"], "once a quarter")
    assert [version.version for version in after.versions] == [1, 2]
    sealed = after.versions[0].records
    assert service.continue_sealing() == sealed > 0
    assert service.continue_sealing() == 0
    (left,) = service.show(people["admin"]).versions
    assert (left.version, left.records) == (2, sealed)
    assert reveal(company.control.vault, company.control.store, "stripe") == SECRET
    found = [(event.action, event.actor, event.reason) for event in reversed(events(company))]
    assert found == [
        ("encryption-key.rotated", "user:security@example.com", "once a year"),
        ("encryption-key.rotated", "user:admin@example.com", "once a quarter"),
        ("encryption-key.removed", "service:vault", ""),
    ]
    assert SECRET not in str(events(company))


@pytest.mark.parametrize("who", ["builder", "approver", "user"])
def test_others_neither_see_nor_change_keys(company: Company, who: str) -> None:
    service, somebody = company.control.encryption_keys, company.people[who]
    with pytest.raises(ForbiddenError, match="no policy lets"):
        service.rotate_company(somebody, WHY)
    for refused in (
        lambda: service.show(somebody),
        lambda: service.rotate_tenant(somebody, WHY),
        lambda: service.move(somebody, WHY),
        lambda: service.ask_shredding(somebody, "default", WHY),
        lambda: service.withdraw_shredding(somebody, WHY),
    ):
        with pytest.raises(ForbiddenError):
            refused()
    assert events(company) == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_change_of_keys_needs_a_reason(company: Company, reason: str) -> None:
    with pytest.raises(InvalidInputError, match="needs a reason"):
        company.control.encryption_keys.rotate_tenant(company.people["admin"], reason)


def test_keys_are_destroyed_by_two_people_and_by_name(company: Company, secret: str, clock: MovingClock) -> None:
    service, people = company.control.encryption_keys, company.people
    with pytest.raises(ShreddingNotWaitingError):
        service.confirm_shredding(people["security"], "default", WHY)
    with pytest.raises(InvalidInputError, match="tenant is 'default'"):
        service.ask_shredding(people["admin"], "globex", WHY)
    asked = service.ask_shredding(people["admin"], "default", WHY)
    with pytest.raises(ConflictError, match="asked for it already"):
        service.ask_shredding(people["security"], "default", WHY)
    with pytest.raises(ForbiddenError, match="did not ask for it"):
        service.confirm_shredding(people["admin"], "default", "I am sure")
    with pytest.raises(ForbiddenError):
        service.confirm_shredding(people["builder"], "default", "I am sure")
    with pytest.raises(InvalidInputError, match="tenant is 'default'"):
        service.confirm_shredding(people["security"], "globex", "agreed")
    waiting = service.show(people["security"]).waiting
    assert waiting is not None
    assert waiting.id == asked.id
    assert service.withdraw_shredding(people["security"], "not yet").outcome == "withdrawn"
    service.ask_shredding(people["admin"], "default", WHY)
    clock.move(hours=25)
    with pytest.raises(ShreddingNotWaitingError, match="last day"):
        service.confirm_shredding(people["security"], "default", "late")
    assert reveal(company.control.vault, company.control.store, "stripe") == SECRET
    refused = [event for event in events(company) if event.action == "encryption-key.shredding-refused"]
    assert [(event.actor, event.outcome) for event in refused] == [
        ("user:builder@example.com", "refused"),
        ("user:admin@example.com", "refused"),
    ]


def test_nothing_sealed_opens_once_the_keys_are_destroyed(company: Company, keys: KeyOptions, secret: str) -> None:
    control = company.control
    words = shred(company)
    assert "destroyed on the token" in words
    assert len(control.vault.keys.cache) == 0
    fresh = open_vault(keys, control.settings.state, control.store, AuditLog(), utc_now)
    for vault in (control.vault, fresh):
        with pytest.raises(KeyDestroyedError, match="gone for good"):
            reveal(vault, control.store, "stripe")
    with pytest.raises(KeyDestroyedError):
        put(company, "another", "value")
    with pytest.raises(KeyDestroyedError):
        control.encryption_keys.rotate_tenant(company.people["admin"], "again")
    assert "destroyed" in control.encryption_keys.check()
    assert control.encryption_keys.continue_sealing() == 0
    view = control.encryption_keys.show(company.people["admin"])
    assert all(version.destroyed_at is not None for version in view.versions)
    done = {event.action: event for event in events(company)}
    assert done["encryption-key.shredded"].actor == "user:security@example.com"
    assert done["encryption-key.shredded"].context["asked_by"] == "user:admin@example.com"
    assert "encryption-key.destroyed" in done


def test_a_plane_gets_no_credential_any_more(company: Company) -> None:
    put(company, "orders-db", "the password")
    control = company.control
    assert company.push("builder").accepted
    assert control.planes.secret("editor", "orders-db").value == "the password"
    shred(company)
    with pytest.raises(KeyDestroyedError):
        control.planes.secret("editor", "orders-db")


@pytest.fixture
def elsewhere(postgres: EmbeddedPostgres) -> Iterator[Store]:
    """An empty database, for what somebody takes out of a backup without asking whether it is genuine."""
    postgres.create_database("elsewhere")
    store = Store.connect(postgres.url("elsewhere"))
    yield store
    store.dispose()
    postgres.drop_database("elsewhere")


def database_of(company: Company) -> str:
    return company.control.settings.database_url.get_secret_value()


def back_up(company: Company, keys: KeyOptions, target: Path, passphrase: bytes | None = None) -> Path:
    control = company.control
    source = Source(control.store, database_of(company), control.settings.state, "http://here", "1", keys)
    make_backup(source, target, passphrase, by="operator:root", clock=utc_now)
    return target


def test_a_backup_from_before_opens_nothing_once_the_key_at_the_hsm_is_gone(
    company: Company, keys: KeyOptions, secret: str, tmp_path: Path, elsewhere: Store
) -> None:
    backup = back_up(company, keys, tmp_path / "monday.bw")
    ring = open_keys(keys, tmp_path)
    assert check_backup(backup, keys=ring).vault_key is None
    rows = b"".join(dump(database_of(company)))
    shred(company)
    with pytest.raises(BackupBrokenError, match="was destroyed"):
        check_backup(backup, keys=ring)
    load(elsewhere.owner_url.replace("+psycopg", ""), iter([rows]))
    restored = open_vault(keys, tmp_path, elsewhere, AuditLog(), utc_now)
    with pytest.raises(KeyUnavailableError, match="was destroyed"):
        reveal(restored, elsewhere, "stripe")


def test_a_passphrase_takes_no_key_out_of_an_hsm(company: Company, keys: KeyOptions, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be taken along"):
        back_up(company, keys, tmp_path / "monday.bw", b"correct horse battery staple")
    assert not (tmp_path / "monday.bw").exists()


class TestWithAFile:
    """Without an HSM, the company's key is a file."""

    @pytest.fixture
    def keys(self) -> KeyOptions:
        return KeyOptions()

    def test_a_backup_without_the_key_opens_nothing_and_one_with_it_still_does(
        self, company: Company, keys: KeyOptions, secret: str, tmp_path: Path, elsewhere: Store
    ) -> None:
        back_up(company, keys, tmp_path / "without.bw")
        passphrase = b"correct horse battery staple"
        backup = back_up(company, keys, tmp_path / "with.bw", passphrase)
        rows = b"".join(dump(database_of(company)))
        words = shred(company)
        assert "backups that hold it wrapped, still open" in words
        assert not (company.control.settings.state / "vault.key").exists()
        with pytest.raises(KeyDestroyedError):
            reveal(company.control.vault, company.control.store, "stripe")
        load(elsewhere.owner_url.replace("+psycopg", ""), iter([rows]))
        other = open_vault(keys, tmp_path, elsewhere, AuditLog(), utc_now)  # which makes a new key
        with pytest.raises(KeyUnavailableError, match="is not the key"):
            reveal(other, elsewhere, "stripe")
        # What the documentation says of a local file: whoever has such a backup and its passphrase still reads it.
        kept = check_backup(tmp_path / "with.bw", passphrase=passphrase).vault_key
        assert backup.exists()
        assert kept is not None
        (tmp_path / "kept.key").write_bytes(kept)
        (tmp_path / "kept.key").chmod(0o600)
        owner = KeyOptions(present=LocalFileOptions(file=tmp_path / "kept.key"))
        assert reveal(open_vault(owner, tmp_path, elsewhere, AuditLog(), utc_now), elsewhere, "stripe") == SECRET

    def test_a_backup_made_after_a_rotation_takes_the_new_key_along(
        self, company: Company, keys: KeyOptions, secret: str, tmp_path: Path
    ) -> None:
        company.control.encryption_keys.rotate_company(company.people["admin"], "once a year")
        passphrase = b"correct horse battery staple"
        backup = back_up(company, keys, tmp_path / "after.bw", passphrase)
        kept = check_backup(backup, passphrase=passphrase).vault_key
        assert kept == (company.control.settings.state / "vault.key").read_bytes()
        assert base64.b64encode(kept).decode() not in str(events(company))


class TestWithASharedKey:
    """The HSM's key is others' too: nobody said that it is this installation's alone."""

    @pytest.fixture
    def keys(self, hsm: Hsm) -> KeyOptions:
        return KeyOptions(present=hsm.options())

    def test_the_companys_key_is_left_as_it_is(self, company: Company, keys: KeyOptions, secret: str) -> None:
        assert "was left as it is" in shred(company)
        assert open_keys(keys, company.control.settings.state).present().startswith("pkcs11:key-")
        with pytest.raises(KeyDestroyedError):
            reveal(company.control.vault, company.control.store, "stripe")

    def test_an_hsm_that_is_away_is_said_and_stops_what_needs_it(self, company: Company, hsm: Hsm, secret: str) -> None:
        assert company.control.encryption_keys.check() == ""
        hsm.delete_key()
        company.control.vault.keys.cache.clear()  # its time has ended
        assert "was destroyed" in company.control.encryption_keys.check()
        with pytest.raises(KeyUnavailableError):
            reveal(company.control.vault, company.control.store, "stripe")
        with pytest.raises(KeyUnavailableError):
            company.control.encryption_keys.rotate_company(company.people["admin"], "try")
        assert events(company) == []
