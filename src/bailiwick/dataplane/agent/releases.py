"""Releases on a plane: fetched, verified against pinned keys at every start, and laid out read-only."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bailiwick.core.artifacts import TreeFile
from bailiwick.core.chain import Chain, TrustedKeys, VerifiedRelease, verify_chain
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest
from bailiwick.core.messages import AppState, PlaneWelcome
from bailiwick.core.reach import IntegrationReach, reach_of
from bailiwick.core.statements import Keyring, SignatureError


@dataclass(frozen=True)
class Prepared:
    """A release that may start: what was verified, its own manifest, and where its tree is."""

    verified: VerifiedRelease
    manifest: Manifest
    tree: Path


def verify(state: AppState, data: bytes, welcome: PlaneWelcome) -> tuple[VerifiedRelease, Manifest]:
    """Check the whole chain, and that the reach about to be opened is the one in the signed tree and the approval.

    Raises `SignatureError` that names the link that fails.
    """
    keys = TrustedKeys(
        review=Keyring.of(welcome.review_keys),
        approval=Keyring.of(welcome.approval_keys),
        release=Keyring.of(welcome.release_keys),
    )
    chain = Chain(state.verdict, state.approvals, state.artifact)
    verified = verify_chain(chain, data, keys, app=state.app, mode=state.mode, reach=state.reach)
    if verified.release != state.release:
        raise SignatureError(f"the artefact is of another release: {verified.release[:60]}")
    manifest = _manifest(verified.files)
    reaches = (
        IntegrationReach(name=item.name, resource=item.resource, grant=item.grant) for item in state.integrations
    )
    opened = reach_of(manifest, reaches, state.capabilities).digest()
    if opened != state.reach:
        raise SignatureError("the reach in the signed tree is not the one that was approved")
    return verified, manifest


def _manifest(files: dict[str, TreeFile]) -> Manifest:
    written = files.get(FILE_NAME)
    if written is None:
        raise InvalidInputError(f"the release has no {FILE_NAME}")
    return parse_manifest(written.content.decode())


def lay_out(verified: VerifiedRelease, store: Path) -> Path:
    """Write the verified files to disk and return the folder; what stood there before is replaced, never trusted."""
    store.mkdir(parents=True, exist_ok=True)
    target = store / verified.release
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
