"""Packing: turns a reviewed commit into a signed release and makes it the one that is served in its mode."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.integrations import Resolved
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.model import Change, Mode
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.tables import CurrentRow, ReleaseRow
from bailiwick.control.review import Standing
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.ids import new_id
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest
from bailiwick.core.statements import Envelope

Notify = Callable[[Change], None]


class ReviewedCommit(Protocol):
    """A commit that was pushed and reviewed."""

    @property
    def commit(self) -> str:
        """The commit id."""

    @property
    def tree(self) -> str:
        """The tree id."""

    @property
    def author(self) -> str:
        """Who pushed it, as a written principal."""


class Sources(Protocol):
    """What releases need of the source domain."""

    def head(self, session: Session, app: App) -> ReviewedCommit | None:
        """Return what is on the main branch."""

    def accepted(self, session: Session, app: App, commit: str) -> ReviewedCommit | None:
        """Return a commit that was accepted onto the main branch."""

    def authors(self, session: Session, app: App, commit: str, *, since: str) -> frozenset[str]:
        """Return who pushed what leads from one accepted commit to a later one."""

    def files(self, app: App, commit: str) -> list[TreeFile]:
        """Return the files of a commit."""


class Verdicts(Protocol):
    """What releases need of the review domain."""

    def standing(self, session: Session, app: str, tree: str) -> Standing:
        """Return the signed verdict on exactly this tree when it is good now, else why there is none."""


@dataclass(frozen=True)
class PackOrder:
    """What a release is made of. `authors` wrote it, `approvers` signed the approvals."""

    mode: Mode
    commit: str
    tree: str
    authors: frozenset[str]
    verdict: Envelope
    resolved: Resolved
    files: Sequence[TreeFile]
    approvals: tuple[Envelope, ...] = ()
    approvers: tuple[str, ...] = ()


class Packer:
    """Packs, signs and keeps releases, in the transaction of whoever asks."""

    def __init__(self, *, signer: ReleaseSigner, artifacts: ArtifactStore, clock: Clock) -> None:
        self._signer = signer
        self._artifacts = artifacts
        self._clock = clock

    def pack(self, session: Session, app: App, order: PackOrder) -> str:
        """Make a release the app's current one in its mode; return its id.

        Raises `SignatureError` when its chain would not verify at a plane.
        """
        release = new_id("rel")
        packed = self._signer.pack(
            app=app.path,
            release=release,
            mode=order.mode,
            commit=order.commit,
            tree=order.tree,
            reach=order.resolved.reach,
            verdict=order.verdict,
            approvals=order.approvals,
            files=order.files,
            authors=order.authors,
        )
        row = ReleaseRow(
            id=release,
            app=app.path,
            mode=order.mode,
            commit=order.commit,
            tree=order.tree,
            authors=sorted(order.authors),
            approvers=list(order.approvers),
            reach=order.resolved.reach.digest(),
            artifact_sha256=self._artifacts.put(packed.data),
            chain={
                "verdict": _as_json(order.verdict),
                "approvals": [_as_json(item) for item in order.approvals],
                "artifact": _as_json(packed.artifact),
            },
            integrations=integrations_json(order.resolved),
            created_at=self._clock(),
        )
        session.add(row)
        session.flush()
        make_current(session, app.path, order.mode, release)
        return release


def make_current(session: Session, app_path: str, mode: Mode, release: str) -> None:
    """Make a release the one that is served in a mode."""
    row = insert(CurrentRow).values(app=app_path, mode=mode, release=release)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "mode"], set_={"release": release}))


def current_release(session: Session, app_path: str, mode: Mode) -> ReleaseRow | None:
    """Return the release that is served in a mode, or None."""
    query = select(ReleaseRow).join(CurrentRow, CurrentRow.release == ReleaseRow.id)
    return session.scalars(query.where(CurrentRow.app == app_path, CurrentRow.mode == mode)).one_or_none()


def manifest_of(files: Sequence[TreeFile]) -> Manifest:
    """Return the manifest among an app's files."""
    text = next((file.content for file in files if file.path == FILE_NAME), None)
    if text is None:
        raise InvalidInputError(f"the app has no {FILE_NAME}", hint="docs/reference/manifest.md shows one")
    return parse_manifest(text.decode(errors="replace"))


def integrations_json(resolved: Resolved) -> dict[str, Any]:
    """Return the integrations of a reach as they are kept with what was approved."""
    return {
        "states": [state.model_dump(mode="json") for state in resolved.states],
        "capabilities": list(resolved.reach.capabilities),
    }


def _as_json(envelope: Envelope) -> Any:
    return json.loads(envelope.model_dump_json(by_alias=True))
