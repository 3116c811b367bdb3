"""What releases are made with: where they are kept, what signs, builds, tests and packs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from bailiwick.control.release import (
    ArtifactStore,
    Bills,
    Builder,
    LayoutStore,
    NoBuilder,
    NoTester,
    Packer,
    Registry,
    RegistryStore,
    ReleaseSigner,
    SandboxBuilder,
    SandboxTester,
    Scans,
    Tester,
)
from bailiwick.control.review import bill_of_materials, scan_of
from bailiwick.control.vault import secret_reader
from bailiwick.control.wiring.base import Base
from bailiwick.control.wiring.reviewing import Reviewing
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.statements import Envelope, Statement


@dataclass(frozen=True)
class Making:
    """What releases are made with."""

    artifacts: ArtifactStore
    signer: ReleaseSigner
    builder: Builder
    packer: Packer
    tester: Tester


def build_making(base: Base, reviewing: Reviewing) -> Making:
    """Put together what makes releases."""
    artifacts, signer = _artifacts(base), ReleaseSigner(base.signing)
    builder, tester = _builder(base, artifacts), _tester(base)
    packer = Packer(
        signer=signer,
        builder=builder,
        bills=_bills(base, reviewing),
        scans=_scans(base, reviewing),
        tester=tester,
        artifacts=artifacts,
        clock=base.clock,
    )
    return Making(artifacts, signer, builder, packer, tester)


def _artifacts(base: Base) -> ArtifactStore:
    chosen = base.settings.artifacts
    if not chosen.registry:
        return LayoutStore(base.settings.state / "artifacts")
    read = secret_reader(base.store, base.vault)
    password = partial(read, chosen.password) if chosen.password is not None else None
    return RegistryStore(Registry(chosen.registry, chosen.repository, chosen.username, password, chosen.ca_file))


def _builder(base: Base, artifacts: ArtifactStore) -> Builder:
    chosen = base.settings.build
    return SandboxBuilder(chosen.wheels, chosen.folder, artifacts) if chosen.wheels is not None else NoBuilder()


def _tester(base: Base) -> Tester:
    chosen = base.settings.build
    return SandboxTester(chosen.wheels, chosen.folder) if chosen.wheels is not None else NoTester()


def _bills(base: Base, reviewing: Reviewing) -> Bills:
    """Return what makes bills of materials by what is known of packages now."""

    def bill(files: Sequence[TreeFile], app: str, tree: str, commit: str) -> Mapping[str, object]:
        packages = reviewing.advisories.surroundings(app).packages
        return bill_of_materials(files, name=app, tree=tree, commit=commit, policy=packages, now=base.clock())

    return bill


def _scans(base: Base, reviewing: Reviewing) -> Scans:
    """Return what says what was found in a release."""

    def scan(session: Session, verdict: Envelope, bill: Mapping[str, object], app: str) -> Mapping[str, object]:
        review = str(Statement.from_bytes(verdict.payload_bytes()).predicate["review"])
        advisories = reviewing.advisories.surroundings(app).packages.advisories
        return scan_of(session, review, bill=bill, advisories=advisories, now=base.clock())

    return scan
