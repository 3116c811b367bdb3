"""Makes a backup of a control plane, running or not: the database as of one moment, then the files that it speaks of.

Files of the state are only ever added or replaced whole, so what is read after the database's moment holds all that
the database knows of, and perhaps a little more.
"""

import base64
import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bailiwick.control.audit import AuditLog
from bailiwick.control.backup.archive import ArchiveWriter
from bailiwick.control.backup.errors import BackupFailedError
from bailiwick.control.backup.keys import wrap_key
from bailiwick.control.backup.model import DATABASE, FORMAT, KEY, MANIFEST, PAYLOAD_TYPE, STATE, VAULT_KEY, Manifest
from bailiwick.control.vault import KeyOptions, LocalFileKeyProvider, Vault, open_keys
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.statements import SigningKey, seal
from bailiwick.store import Store
from bailiwick.store.dump import dump, schema_version

_PART_BYTES = 8 * 2**20
_PURPOSE = "backup"
# Made anew at each start, or of a moment only; keys of certificates are no part of a backup.
_LEFT_OUT = frozenset({VAULT_KEY, f"{VAULT_KEY}.next", "door", "hooks"})
_UNFINISHED = ("tmp_", "incoming-")


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: a store, the state directory, and whose it is; `url` is the database's own address."""

    store: Store
    url: str
    state: Path
    public_url: str
    version: str
    keys: KeyOptions = field(default_factory=KeyOptions)


def make_backup(source: Source, target: Path, passphrase: bytes | None, *, by: str, clock: Clock) -> Manifest:
    """Write a backup to `target`, which must not exist, and note it in the audit log; return its manifest.

    With a passphrase the vault's key goes along, wrapped by it; without one it must be kept elsewhere. Raises
    `ConflictError` when `target` is there, `BackupFailedError` when it could not be written: nothing is left.
    """
    if passphrase is not None and not source.keys.in_state:
        raise InvalidInputError(
            "the vault's key is not in the state directory and cannot be taken along",
            hint="make the backup without it (--without-key); it opens where the key can be used",
        )
    if source.keys.in_state and (source.state / f"{VAULT_KEY}.next").exists():
        raise BackupFailedError(
            "another key is taking the place of the vault's", hint="wait, or finish it: bailiwick keys rotate company"
        )
    keys = open_keys(source.keys, source.state)
    content = LocalFileKeyProvider(source.state / VAULT_KEY).content if source.keys.in_state else b""
    audit = AuditLog(clock)
    vault = Vault(source.store, keys, audit, clock)
    with source.store.transaction() as session:
        key = vault.signing_key(session, _PURPOSE)
        before = vault.keys.wrapped_by(session)
    with _writing(target) as file:
        archive = ArchiveWriter(file)
        for place, part in enumerate(_parts(source.url)):
            archive.add_bytes(f"{DATABASE}{place:06}.sql.gz", gzip.compress(part, 6, mtime=0))
        for path in state_files(source.state):
            archive.add_file(f"{STATE}{path.relative_to(source.state)}", path)
        if passphrase is not None:
            archive.add_bytes(KEY, wrap_key(content, passphrase))
        voucher = keys.wrap(base64.b64decode(key.public_text), source.store.tenant)
        with source.store.transaction() as session:
            _require_unchanged(before, vault.keys.wrapped_by(session))
        manifest = Manifest(
            format=FORMAT,
            made=clock(),
            version=source.version,
            schema_version=schema_version(source.url),
            public_url=source.public_url,
            signer=key.public_text,
            kek_id=voucher.kek_id,
            voucher=base64.b64encode(voucher.blob).decode(),
            entries=tuple(archive.entries),
        )
        archive.add_bytes(MANIFEST, _sealed(manifest, key))
        archive.close()
    with source.store.transaction() as session:
        context = {"bytes": manifest.bytes, "files": len(manifest.entries), "key": passphrase is not None}
        audit.note(session, by, "backup.made", "installation", context=context)
    return manifest


def _require_unchanged(before: dict[int, str], after: dict[int, str]) -> None:
    """Return when the key that goes along is still the one that the database's moment needs."""
    if before != after:
        raise BackupFailedError(
            "the keys of the vault changed while the backup was made", hint="nothing is left of it: make it again"
        )


def state_files(state: Path) -> Iterator[Path]:
    """Yield the files of the state that belong into a backup, in order."""
    for folder, names, files in os.walk(state):
        here = Path(folder)
        names[:] = sorted(name for name in names if not _is_left_out(state, here / name))
        for name in sorted(files):
            path = here / name
            if not _is_left_out(state, path) and _is_plain(path):
                yield path


def _is_left_out(state: Path, path: Path) -> bool:
    top = path.parent == state and (path.name in _LEFT_OUT or path.name.startswith("."))
    return top or path.name.startswith(_UNFINISHED) or path.name.endswith(".lock")


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _sealed(manifest: Manifest, key: SigningKey) -> bytes:
    envelope = seal(manifest.model_dump_json().encode(), key, PAYLOAD_TYPE)
    return envelope.model_dump_json(by_alias=True).encode()


def _parts(url: str) -> Iterator[bytes]:
    """Yield the database in parts of a size that memory has room for."""
    part = bytearray()
    for piece in dump(url):
        part += piece
        if len(part) >= _PART_BYTES:
            yield bytes(part)
            part.clear()
    yield bytes(part)


@contextmanager
def _writing(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file that gets its name once it is whole and on the disk, and is gone when anything fails."""
    if target.exists():
        raise ConflictError(f"{target} is there already", hint="a backup never replaces another: choose another name")
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, target)  # refuses when somebody made `target` meanwhile
    except OSError as fault:
        raise BackupFailedError(
            f"the backup could not be written to {target}: {fault.strerror or fault}",
            hint="nothing is left of it; is there room, and may this user write there?",
        ) from fault
    finally:
        unfinished.unlink(missing_ok=True)
