"""Evidence: a release with all that is said of it, for whoever wants to check it without us."""

import io
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.packing import current_release
from bailiwick.control.release.tables import ReleaseRow
from bailiwick.core.artifacts import StoredFile, write_archive
from bailiwick.core.bundle import layout_of
from bailiwick.core.chain import Chain
from bailiwick.core.errors import NotFoundError
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.principals import Identity
from bailiwick.core.statements import Envelope, read_envelope
from bailiwick.store import Store


class EvidenceService:
    """Gives out releases as bundles."""

    def __init__(self, store: Store, audit: AuditLog, catalog: CatalogService, artifacts: ArtifactStore) -> None:
        self._store = store
        self._audit = audit
        self._catalog = catalog
        self._artifacts = artifacts

    def bundle(self, identity: Identity, name: str) -> bytes:
        """Return the image layout of a release, as a tar archive, for whoever may read its app; audited.

        `name` is a release's id, or an app's path for what is in production. Raises `NotFoundError`.
        """
        with self._store.transaction() as session:
            row = self._row(session, name)
            app = self._catalog.readable_app(session, identity, row.app)
            self._audit.note(
                session, str(identity.principal), "release.exported", app.resource, app=app.path, release=row.id
            )
            tree, release, artifact, kept = row.tree, row.id, row.artifact_sha256, dict(row.chain)
        layer = self._artifacts.get(kept["layer"]) if kept["layer"] else b""
        return _archive(layout_of(tree, self._artifacts.get(artifact), layer, chain_of(self._artifacts, kept), release))

    def _row(self, session: Session, name: str) -> ReleaseRow:
        by_id = select(ReleaseRow).where(ReleaseRow.id == name, ReleaseRow.mode == PRODUCTION)
        row = session.scalars(by_id).one_or_none() or current_release(session, name, PRODUCTION)
        if row is None or "image" not in row.chain:
            raise NotFoundError(
                f"'{name[:80]}' is neither a release to production nor an app that is there",
                hint="bailiwick app show PATH names the releases of an app",
            )
        return row


def chain_of(artifacts: ArtifactStore, kept: Mapping[str, Any]) -> Chain:
    """Return the chain that a row holds, with what lies of it in the store."""
    return Chain(
        Envelope.model_validate(kept["verdict"]),
        tuple(Envelope.model_validate(item) for item in kept["approvals"]),
        Envelope.model_validate(kept["artifact"]),
        tuple(read_envelope(artifacts.get(item)) for item in kept.get("attachments", ())),
    )


def _archive(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    stored = [
        StoredFile(path, len(data), executable=False, open=partial(io.BytesIO, data)) for path, data in files.items()
    ]
    write_archive(target, stored)
    return target.getvalue()
