"""Reads a backup through and says whether it is whole and genuine, before anything is done with it."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bailiwick.control.backup.archive import reading
from bailiwick.control.backup.errors import BackupBrokenError
from bailiwick.control.backup.keys import unwrap_key
from bailiwick.control.backup.model import FORMAT, KEY, MANIFEST, PAYLOAD_TYPE, Entry, Manifest
from bailiwick.control.vault import KEY_BYTES, KeyProvider, KeyUnavailableError, Wrapped, unwrap
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.statements import Keyring, SignatureError, open_envelope, read_envelope
from bailiwick.store.names import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup that is whole and genuine, the entries by name, and the vault's key where it is a file."""

    path: Path
    manifest: Manifest
    entries: Mapping[str, Entry]
    vault_key: bytes | None

    def __repr__(self) -> str:
        return f"Checked({self.path}, made {self.manifest.made:%Y-%m-%d %H:%M})"


def check_backup(
    path: Path,
    *,
    passphrase: bytes | None = None,
    key_file: Path | None = None,
    keys: KeyProvider | None = None,
    tenant: str = DEFAULT_TENANT,
) -> Checked:
    """Read a backup through, with a passphrase, a copy of the vault's key, or `keys`, which hold it elsewhere.

    Raises `BackupBrokenError` unless each byte is what the manifest says and the manifest is signed by a key that the
    vault's own key vouches for.
    """
    found: dict[str, Entry] = {}
    wrapped = sealed = None
    with reading(path) as archive:
        for piece in archive:
            if piece.name in found or sealed is not None:
                raise BackupBrokenError(f"the backup holds something twice, or after its end: {piece.name[:80]!r}")
            if piece.name == MANIFEST:
                sealed = piece.whole()
                continue
            if piece.name == KEY:
                wrapped = piece.whole()
            else:
                for _ in piece.pieces():
                    pass
            found[piece.name] = piece.entry()
    if sealed is None:
        raise BackupBrokenError(f"{path} ends before its manifest", hint="it was cut, or never finished: take another")
    manifest = _manifest(sealed)
    key = None
    if keys is not None and wrapped is None and key_file is None:
        voucher = Wrapped(manifest.kek_id, _voucher(manifest))
        _require_genuine(manifest, lambda: keys.unwrap(voucher, tenant))
    else:
        key = own = _vault_key(wrapped, passphrase, key_file)
        _require_genuine(manifest, lambda: unwrap(own, _voucher(manifest)))
    _require_same(manifest, found)
    return Checked(path, manifest, found, key)


def _manifest(sealed: bytes) -> Manifest:
    """Return the manifest when its signature fits the signer that it names; who that is, the voucher says."""
    try:
        envelope = read_envelope(sealed)
        manifest = Manifest.model_validate_json(envelope.payload_bytes())
        open_envelope(envelope, Keyring.of([manifest.signer]), PAYLOAD_TYPE)
    except (SignatureError, ValidationError) as fault:
        words = fault.message if isinstance(fault, SignatureError) else "it cannot be read"
        raise BackupBrokenError(f"the backup's manifest is not genuine: {words}") from None
    if manifest.format != FORMAT:
        raise BackupBrokenError(f"the backup's format is {manifest.format[:40]!r}, and this version reads {FORMAT}")
    return manifest


def _vault_key(wrapped: bytes | None, passphrase: bytes | None, key_file: Path | None) -> bytes:
    if key_file is not None:
        try:
            key = key_file.read_bytes()
        except OSError as fault:
            raise InvalidInputError(f"the key in {key_file} cannot be read: {fault.strerror}") from None
        if len(key) != KEY_BYTES:
            raise InvalidInputError(f"{key_file} is not a key of {KEY_BYTES} bytes")
        return key
    if wrapped is None:
        raise InvalidInputError(
            "this backup was made without the vault's key", hint="give a copy of the key: --key-file vault.key"
        )
    if passphrase is None:
        raise InvalidInputError("this backup opens with a passphrase", hint="give it: --passphrase-file FILE")
    return unwrap_key(wrapped, passphrase)


def _voucher(manifest: Manifest) -> bytes:
    try:
        return base64.b64decode(manifest.voucher, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _require_genuine(manifest: Manifest, vouched: Callable[[], bytes]) -> None:
    """Return when the signer is the one that the vault's key vouches for. An HSM that is away is said to be."""
    try:
        genuine = vouched() == base64.b64decode(manifest.signer)
    except (KeyUnavailableError, binascii.Error, ValueError) as fault:
        why = f": {fault.message}" if isinstance(fault, KeyUnavailableError) else ""
        raise _forged(why) from None
    if not genuine:
        raise _forged("")


def _forged(why: str) -> BackupBrokenError:
    return BackupBrokenError(
        f"the backup was not made by the installation that this key belongs to{why}",
        hint="it was forged, or the key is another installation's",
    )


def _require_same(manifest: Manifest, found: Mapping[str, Entry]) -> None:
    declared = {entry.name: entry for entry in manifest.entries}
    wrong = sorted(name for name in declared.keys() | found.keys() if declared.get(name) != found.get(name))
    if wrong:
        raise BackupBrokenError(
            f"the backup was changed: {wrong[0][:120]!r} is not what was backed up"
            + (f", nor are {len(wrong) - 1} others" if len(wrong) > 1 else ""),
            hint="do not use it; take another, and find out who wrote to it",
        )
