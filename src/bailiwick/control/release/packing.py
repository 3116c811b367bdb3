"""Packing: turns a reviewed commit into a signed release, and makes it the one that is served in its mode."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.catalog import App
from bailiwick.control.integrations import Resolved
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.building import Builder
from bailiwick.control.release.contents import remember_contents
from bailiwick.control.release.images import keep_image
from bailiwick.control.release.model import Change
from bailiwick.control.release.signing import ReleaseSigner
from bailiwick.control.release.tables import CurrentRow, ReleaseRow
from bailiwick.control.release.testing import Tester
from bailiwick.control.review import Standing
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.gate import Gate, is_gate
from bailiwick.core.ids import new_id
from bailiwick.core.manifest import FILE_NAME, Manifest, parse_manifest
from bailiwick.core.modes import PRODUCTION, Mode
from bailiwick.core.provenance import Built
from bailiwick.core.sealing import Order, Sealed
from bailiwick.core.statements import Envelope, Statement

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
    """What a release is made of: `authors` wrote it, `approvers` approved it, `gate` is how it came through; `branch`
    is empty for main.
    """

    mode: Mode
    commit: str
    tree: str
    authors: frozenset[str]
    verdict: Envelope
    resolved: Resolved
    files: Sequence[TreeFile]
    approvals: tuple[Envelope, ...] = ()
    approvers: tuple[str, ...] = ()
    rehearsal: Envelope | None = None
    gate: Gate | None = None
    branch: str = ""


# Makes the bill of materials (CycloneDX) of an app's files, from path, tree and commit.
Bills = Callable[[Sequence[TreeFile], str, str, str], Mapping[str, object]]
# Says what the review behind a verdict, and the advisories behind a bill of an app, found.
Scans = Callable[[Session, Envelope, Mapping[str, object], str], Mapping[str, object]]


class Packer:
    """Builds, packs, signs and keeps releases, in the transaction of whoever asks.

    What previews depend on is installed by their plane: only what goes to production is built once, for good.
    """

    def __init__(
        self,
        *,
        signer: ReleaseSigner,
        builder: Builder,
        bills: Bills,
        scans: Scans,
        tester: Tester,
        artifacts: ArtifactStore,
        clock: Clock,
    ) -> None:
        self._signer = signer
        self._builder = builder
        self._bills = bills
        self._scans = scans
        self._tester = tester
        self._artifacts = artifacts
        self._clock = clock

    def pack(self, session: Session, app: App, order: PackOrder) -> str:
        """Make a release, and the app's current one where it is a preview; return its id.

        Raises `SignatureError` when its chain would not verify at a plane.
        """
        release = new_id("rel")
        produces = order.mode == PRODUCTION
        bill = self._bills(order.files, app.path, order.tree, order.commit) if produces else None
        sealed = self._signer.seal(
            session,
            Order(
                app=app.path,
                release=release,
                mode=order.mode,
                commit=order.commit,
                tree=order.tree,
                reach=order.resolved.reach.digest(),
                authors=order.authors,
                verdict=order.verdict,
                approvals=order.approvals,
                files=order.files,
                built=self._builder.build(order.files) if produces else Built(),
                bill=bill,
                scan=self._scans(session, order.verdict, bill, app.path) if bill is not None else None,
                tests=self._tester.test(order.files) if produces else None,
                version=version("bailiwick"),
                time=self._clock(),
                gate=order.gate,
            ),
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
            artifact_sha256=self._artifacts.put(sealed.data),
            chain=self._kept_chain(sealed, order.rehearsal, release if produces else ""),
            integrations=integrations_json(order.resolved),
            created_at=self._clock(),
            branch=order.branch,
        )
        session.add(row)
        session.flush()
        remember_contents(session, release, order.files)
        if not produces:
            make_current(session, app.path, order.mode, release, branch=order.branch)
        return release

    def build_ahead(self, files: Sequence[TreeFile]) -> None:
        """Build what an app's files depend on and run its tests, so that a release of them needs not wait.

        Raises `NotBuiltError`, and `TestsFailedError` when one fails.
        """
        self._builder.build(files)
        self._tester.test(files)

    def _kept_chain(self, sealed: Sealed, rehearsal: Envelope | None, tag: str) -> dict[str, Any]:
        """Return the chain as a row holds it. What may be large lies in the store; with a tag, an image too."""
        chain = sealed.chain
        if tag:
            keep_image(self._artifacts, sealed.image, (chain.artifact, *chain.others), tag)
        return {
            "verdict": _as_json(chain.verdict),
            "approvals": [_as_json(item) for item in chain.approvals],
            "artifact": _as_json(chain.artifact),
            "attachments": [
                self._artifacts.put(item.model_dump_json(by_alias=True).encode()) for item in chain.attachments
            ],
            "rehearsal": _as_json(rehearsal) if rehearsal is not None else None,
            "gate": next((_as_json(item) for item in chain.attachments if _says_gate(item)), None),
            "layer": sealed.layer,
            "image": sealed.image.sha256,
        }


def make_current(
    session: Session, app_path: str, mode: Mode, release: str, *, accept_loss: bool = False, branch: str = ""
) -> None:
    """Make a release the one that is served in a mode, as the preview of a branch when one is named.

    `accept_loss` lets the app's own database lose data for it.
    """
    chosen = {"release": release, "accept_loss": accept_loss}
    row = insert(CurrentRow).values(app=app_path, mode=mode, branch=branch, **chosen)
    session.execute(row.on_conflict_do_update(index_elements=["tenant", "app", "mode", "branch"], set_=chosen))


def current_release(session: Session, app_path: str, mode: Mode) -> ReleaseRow | None:
    """Return the release of main that is served in a mode, or None."""
    query = select(ReleaseRow).join(CurrentRow, CurrentRow.release == ReleaseRow.id)
    of_main = (CurrentRow.app == app_path, CurrentRow.mode == mode, CurrentRow.branch == "")
    return session.scalars(query.where(*of_main)).one_or_none()


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


def _says_gate(envelope: Envelope) -> bool:
    return is_gate(Statement.from_bytes(envelope.payload_bytes()))


def _as_json(envelope: Envelope) -> Any:
    return json.loads(envelope.model_dump_json(by_alias=True))
