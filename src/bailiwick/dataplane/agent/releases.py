"""Releases on a plane: fetched, verified against pinned keys at every start, and laid out read-only."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bailiwick.core.artifacts import TreeFile, git_tree_id
from bailiwick.core.chain import Chain, TrustedKeys, VerifiedRelease, verify_chain, verify_rehearsal
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest
from bailiwick.core.messages import AppState, PlaneWelcome
from bailiwick.core.migrations import migrations_of
from bailiwick.core.reach import IntegrationReach, reach_of
from bailiwick.core.statements import SignatureError, read_envelope
from bailiwick.core.trust import KeyChanges, Purpose, known_keys, trusted_at


@dataclass(frozen=True)
class Prepared:
    """A release that may start: what was verified, its own manifest, and where its tree is."""

    verified: VerifiedRelease
    manifest: Manifest
    tree: Path


@dataclass(frozen=True)
class Fetched:
    """What a release is made of, as it was fetched: nothing of it is trusted yet."""

    data: bytes
    attachments: tuple[bytes, ...]


def trusted_keys(welcome: PlaneWelcome, changes: KeyChanges, now: datetime) -> TrustedKeys:
    """Return whose signatures count now: the keys that were pinned, those that followed, without those that ended.

    Raises `SignatureError` for a key that the one before it did not endorse.
    """
    pinned: dict[Purpose, tuple[str, ...]] = {
        "review": welcome.review_keys,
        "approval": welcome.approval_keys,
        "release": welcome.release_keys,
    }
    return trusted_at(known_keys(pinned, changes), now)


def verify(state: AppState, fetched: Fetched, keys: TrustedKeys) -> tuple[VerifiedRelease, Manifest]:
    """Check the whole chain, and that the reach about to be opened is the one in the signed tree and the approval.

    Migrations of production's own database must have been rehearsed.

    Raises `SignatureError` that names the link that fails.
    """
    attachments = tuple(read_envelope(attachment) for attachment in fetched.attachments)
    chain = Chain(state.verdict, state.approvals, state.artifact, attachments)
    verified = verify_chain(chain, fetched.data, keys, app=state.app, mode=state.mode, reach=state.reach)
    if verified.layer != state.layer:
        raise SignatureError("the dependencies are not those that the artefact was signed with")
    if verified.release != state.release:
        raise SignatureError(f"the artefact is of another release: {verified.release[:60]}")
    manifest = _manifest(verified.files)
    opened = reach_of(manifest, map(IntegrationReach.of, state.integrations), state.capabilities).digest()
    if opened != state.reach:
        raise SignatureError("the reach in the signed tree is not the one that was approved")
    if state.mode == "production" and manifest.database is not None:
        found = migrations_of({path: file.content for path, file in verified.files.items()})
        digests = {item.title: item.digest for item in found}
        if digests:
            verify_rehearsal(state.rehearsal, keys, app=state.app, tree=verified.tree, migrations=digests)
    return verified, manifest


def _manifest(files: dict[str, TreeFile]) -> Manifest:
    written = files.get(FILE_NAME)
    if written is None:
        raise InvalidInputError(f"the release has no {FILE_NAME}")
    return parse_manifest(written.content.decode())


def lay_out(verified: VerifiedRelease, store: Path) -> Path:
    """Write the verified files to disk and return the folder; what stood there before is measured, never trusted.

    What is there already and the same is left alone: an instance may be running from it.
    """
    store.mkdir(parents=True, exist_ok=True)
    target = store / verified.release
    there = files_of(target) if target.exists() else None
    if there is not None and git_tree_id(there) == verified.tree:
        return target
    unfinished = Path(tempfile.mkdtemp(dir=store))
    for file in verified.files.values():
        place = unfinished / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        place.chmod(0o755 if file.executable else 0o644)
    for folder, _, _ in os.walk(unfinished):
        Path(folder).chmod(0o755)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    return target


def files_of(folder: Path) -> dict[str, TreeFile] | None:
    """Return the files of a folder as they are now; None when something is there that is no plain file."""
    found = {}
    try:
        for place, folders, names in os.walk(folder, onerror=_raise):
            for name in (*folders, *names):
                path = Path(place) / name
                if path.is_symlink() or not (path.is_dir() or path.is_file()):
                    return None
                if path.is_file():
                    written = path.relative_to(folder).as_posix()
                    found[written] = TreeFile(written, path.read_bytes(), bool(path.stat().st_mode & 0o100))
    except OSError:
        return None
    return found


def _raise(fault: OSError) -> None:
    raise fault
