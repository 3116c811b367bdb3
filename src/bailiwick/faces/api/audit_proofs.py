"""Evidence about the audit log over the API: checkpoints, proofs, the tiles of its tree, and events by their place."""

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Path, Query, Response

from bailiwick.control.app import ControlPlane, checkpoint
from bailiwick.control.audit import (
    StoredTiles,
    body_at,
    latest_checkpoint,
    prove_consistency,
    prove_inclusion,
)
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.errors import NotFoundError
from bailiwick.core.merkle import leaf_hash
from bailiwick.core.notes import signed_note, verifier_key
from bailiwick.core.tiles import Tile
from bailiwick.faces.api.pages import Json

Size = Annotated[int, Query(ge=0, lt=1 << 62, description="how many events the tree has")]
# What a full tile holds never changes; a partial one of this width does not either.
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


def add_audit_proofs(api: FastAPI, control: ControlPlane, Caller: Any) -> None:  # noqa: N803 - a type
    """Add checkpoints, proofs and tiles to the API; whoever may read the log may have them."""
    key = control.audit_key.public_text
    origin = f"{urlsplit(control.settings.public_url).netloc}/audit/{control.store.tenant}"

    @api.get("/v1/audit/checkpoint")
    def latest(identity: Caller) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
        # Signed at least each second by itself; asked for, it covers what was just done.
        checkpoint(control)
        with control.store.transaction() as session:
            found = latest_checkpoint(session, key)
        content = found.content
        return {
            "size": content.size,
            "root": content.root,
            "time": content.time.isoformat(),
            "envelope": found.envelope,
            "note": signed_note(content, origin, control.audit_key),
            "public_key": key,
            "verifier_key": verifier_key(origin, key),
        }

    @api.get("/v1/audit/proof/inclusion")
    def inclusion(identity: Caller, sequence: Size, size: Size) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            return {"sequence": sequence, "size": size, "hashes": prove_inclusion(session, sequence, size)}

    @api.get("/v1/audit/proof/consistency")
    def consistency(identity: Caller, first: Size, second: Size) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            return {"first": first, "second": second, "hashes": prove_consistency(session, first, second)}

    @api.get("/v1/audit/tile/{path:path}")
    def tile(identity: Caller, path: str) -> Response:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            hashes = StoredTiles(session).read(Tile.parse(path))
        return Response(hashes, media_type="application/octet-stream", headers=_FOR_EVER)

    @api.get("/v1/audit/events/{sequence}")
    def one(identity: Caller, sequence: Annotated[int, Path(ge=0, lt=1 << 62)]) -> Json:
        with control.store.transaction() as session:
            control.authorizer.require(session, identity, "audit.read", ORGANIZATION)
            body = body_at(session, sequence)
        if body is None:
            raise NotFoundError(f"the log has no event {sequence}", hint="bailiwick audit search lists what it has")
        return {"sequence": sequence, "event": json.loads(body), "leaf": leaf_hash(body).hex()}
