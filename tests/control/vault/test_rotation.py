"""Rotation of each level while people read and write secrets: no request fails, and no secret is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from bailiwick.control.audit import AuditLog
from bailiwick.control.vault import KeyOptions, KeyRing, KeyUnavailableError, LocalFileKeyProvider, Vault, open_keys
from bailiwick.control.vault.cache import KeyCache
from bailiwick.control.vault.keys.aws_kms import AwsKmsKeyProvider
from bailiwick.control.vault.keys.pkcs11 import Pkcs11KeyProvider
from bailiwick.control.vault.keys.transit import TransitKeyProvider
from bailiwick.core.clock import utc_now
from bailiwick.store import Store
from tests.fixtures.kms import Kms
from tests.fixtures.softhsm import Hsm
from tests.fixtures.transit import Transit

pytestmark = pytest.mark.req("VA4", "SE2")
WRITERS, READERS = 3, 3


def make_vault(store: Store, ring: KeyRing, cache_seconds: float = 300.0) -> Vault:
    return Vault(store, ring, AuditLog(), utc_now, cache_seconds)


def seal_everything_anew(store: Store, vault: Vault) -> None:
    """Do what the background does, in small steps."""
    while True:
        with store.transaction() as session:
            if not vault.keys.outdated(session) or not vault.seal_anew(session, 3):
                break
    with store.transaction() as session:
        vault.keys.remove_unused(session)


@dataclass
class Load:
    """What people did meanwhile, and what went wrong."""

    vault: Vault
    store: Store
    written: dict[str, str] = field(default_factory=dict)
    done: int = 0
    faults: list[BaseException] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def write(self, writer: int) -> None:
        number = 0
        while not self.ended.is_set():
            name, value = f"of-{writer}-{number % 5}", f"value {writer} {number}"
            with self.store.transaction() as session:
                self.vault.put(session, name, value, by="user:it@example.com")
            self.written[name] = value
            number += 1
            self.done += 1

    def read(self, reader: int) -> None:
        while not self.ended.is_set():
            with self.store.transaction() as session:
                assert self.vault.reveal(session, "steady") == "as it was"
                self.vault.signing_key(session, f"purpose-{reader}")
            self.done += 1

    def guarded(self, work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except BaseException as fault:
            self.faults.append(fault)

    def wait_for(self, more: int) -> None:
        wanted, ends = self.done + more, time.monotonic() + 60
        while self.done < wanted and not self.faults:
            assert time.monotonic() < ends, "nobody gets on"
            time.sleep(0.005)


@contextmanager
def load(store: Store, vault: Vault) -> Iterator[Load]:
    with store.transaction() as session:
        vault.put(session, "steady", "as it was", by="user:it@example.com")
    going = Load(vault, store)
    threads = [
        threading.Thread(target=going.guarded, args=(work, number))
        for work, count in ((going.write, WRITERS), (going.read, READERS))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        going.wait_for(20)
        yield going
        going.wait_for(20)
    finally:
        going.ended.set()
        for thread in threads:
            thread.join()
    assert going.faults == []
    with store.transaction() as session:
        for name, value in going.written.items():
            assert vault.reveal(session, name) == value


@pytest.fixture(params=["local-file", "pkcs11", "aws-kms", "transit"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> KeyRing:
    if request.param == "local-file":
        return KeyRing(LocalFileKeyProvider(tmp_path / "vault.key"))
    if request.param == "pkcs11":
        hsm: Hsm = request.getfixturevalue("hsm")
        return KeyRing(Pkcs11KeyProvider(hsm.options()))
    if request.param == "aws-kms":
        kms: Kms = request.getfixturevalue("kms")
        kms.new_key(f"alias/{tmp_path.name}")
        return KeyRing(AwsKmsKeyProvider(kms.options(f"alias/{tmp_path.name}")))
    transit: Transit = request.getfixturevalue("transit")
    return KeyRing(TransitKeyProvider(transit.options()))


def test_both_levels_are_rotated_under_load_and_no_request_fails(store: Store, ring: KeyRing) -> None:
    vault = make_vault(store, ring)
    with load(store, vault) as going:
        for _ in range(2):
            with store.transaction() as session:
                ring.rotate()
                vault.keys.wrap_anew(session)
                store.after_commit(session, ring.settle)
            going.wait_for(10)
            with store.transaction() as session:
                vault.keys.follow(session)
            going.wait_for(10)
            seal_everything_anew(store, vault)
    seal_everything_anew(store, vault)
    with store.transaction() as session:
        (key,) = vault.keys.all(session)
        assert (key.version, key.kek_id) == (3, ring.present())
        assert session.execute(text("SELECT DISTINCT key_version FROM vault_secrets")).scalars().all() == [3]


def test_a_rotation_of_the_companys_key_reads_and_writes_no_record(store: Store, tmp_path: Path) -> None:
    ring = KeyRing(LocalFileKeyProvider(tmp_path / "vault.key"))
    vault = make_vault(store, ring)
    with store.transaction() as session:
        vault.put(session, "a", "value", by="x:y")
    before = _rows(store, "SELECT sealed, xmin::text FROM vault_secrets")
    old = (tmp_path / "vault.key").read_bytes()
    with store.transaction() as session:
        ring.rotate()
        vault.keys.wrap_anew(session)
        store.after_commit(session, ring.settle)
    assert _rows(store, "SELECT sealed, xmin::text FROM vault_secrets") == before
    assert (tmp_path / "vault.key").read_bytes() != old
    fresh = make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "vault.key")))
    with store.transaction() as session:
        assert fresh.reveal(session, "a") == "value"
    (tmp_path / "old.key").write_bytes(old)
    (tmp_path / "old.key").chmod(0o600)
    thief = make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "old.key")))
    with pytest.raises(KeyUnavailableError), store.transaction() as session:
        thief.reveal(session, "a")


def test_keys_move_from_a_file_to_an_hsm_under_load(store: Store, tmp_path: Path, hsm: Hsm) -> None:
    file = KeyOptions()
    with store.transaction() as session:
        make_vault(store, open_keys(file, tmp_path)).put(session, "old", "from before", by="x:y")
    both = open_keys(KeyOptions(present=hsm.options(), previous=file.present), tmp_path)
    vault = make_vault(store, both)
    with load(store, vault), store.transaction() as session:
        present, count = vault.keys.wrap_anew(session)
        assert (present.startswith(f"pkcs11:{hsm.key}/1-"), count) == (True, 1)
    (tmp_path / "vault.key").unlink()
    alone = make_vault(store, open_keys(KeyOptions(present=hsm.options()), tmp_path))
    with store.transaction() as session:
        assert alone.reveal(session, "old") == "from before"


def test_sealing_anew_that_was_broken_off_goes_on_where_it_was(store: Store, tmp_path: Path) -> None:
    vault = make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "key")))
    with store.transaction() as session:
        for number in range(7):
            vault.put(session, f"s{number}", f"value {number}", by="x:y")
    with store.transaction() as session:
        vault.keys.follow(session)
    with store.transaction() as session:
        assert vault.seal_anew(session, 3) == 3
    with pytest.raises(ZeroDivisionError), store.transaction() as session:
        vault.seal_anew(session, 3)
        raise ZeroDivisionError
    with store.transaction() as session:
        assert [key.records for key in vault.keys.all(session)] == [4, 3]
        assert vault.keys.remove_unused(session) == []
    seal_everything_anew(store, make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "key"))))
    with store.transaction() as session:
        assert [(key.version, key.records) for key in vault.keys.all(session)] == [(2, 7)]
        assert [vault.reveal(session, f"s{number}") for number in range(7)] == [f"value {n}" for n in range(7)]


def test_a_key_is_not_removed_while_somebody_seals_under_it(store: Store, tmp_path: Path) -> None:
    vault = make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "key")))
    with store.transaction() as session:
        vault.keys.follow(session)
    with store.transaction() as writing:
        vault.put(writing, "late", "value", by="x:y")
        with store.transaction() as session:
            vault.keys.follow(session)
        remover = threading.Thread(target=seal_everything_anew, args=(store, vault))
        remover.start()
        remover.join(0.3)
        assert remover.is_alive()
    remover.join(30)
    with store.transaction() as session:
        assert vault.reveal(session, "late") == "value"


def test_a_key_that_is_taken_away_stops_working_once_the_cache_has_ended(store: Store, hsm: Hsm) -> None:
    vault = make_vault(store, KeyRing(Pkcs11KeyProvider(hsm.options())), cache_seconds=0.5)
    with store.transaction() as session:
        vault.put(session, "a", "value", by="x:y")
    hsm.delete_key()
    ends = time.monotonic() + 10
    with pytest.raises(KeyUnavailableError, match="was destroyed"):
        while time.monotonic() < ends:
            with store.transaction() as session:
                assert vault.reveal(session, "a") == "value"
    with pytest.raises(KeyUnavailableError), store.transaction() as session:
        vault.put(session, "b", "value", by="x:y")
    assert len(vault.keys.cache) == 0


def test_opened_keys_are_dropped_when_their_time_ends_though_nobody_asks(store: Store, tmp_path: Path) -> None:
    vault = make_vault(store, KeyRing(LocalFileKeyProvider(tmp_path / "key")), cache_seconds=0.2)
    with store.transaction() as session:
        vault.put(session, "a", "value", by="x:y")
    assert len(vault.keys.cache) == 1
    ends = time.monotonic() + 10
    while len(vault.keys.cache):
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_cache_of_no_time_keeps_nothing(tmp_path: Path) -> None:
    provider, cache = LocalFileKeyProvider(tmp_path / "key"), KeyCache(0)
    wrapped = provider.wrap(bytes(32), "acme")
    opened: list[int] = []
    for _ in range(2):
        cache.cipher(wrapped, lambda item: opened.append(1) or provider.unwrap(item, "acme"))  # type: ignore[func-returns-value]
    assert (len(opened), len(cache)) == (2, 0)


def _rows(store: Store, query: str) -> list[object]:
    with store.transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]
