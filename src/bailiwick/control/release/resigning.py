"""Signing again: releases that are served, whose key for releases was followed by another one or ended.

Verdicts and approvals are what somebody else said: they stay as they are, and where their key ended only a new deploy
helps. A key that was revoked may have signed what we never made, so what it vouched for alone is made again first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.release.artifact_store import ArtifactStore
from bailiwick.control.release.building import Builder
from bailiwick.control.release.evidence import chain_of
from bailiwick.control.release.images import keep_image
from bailiwick.control.release.model import StateChanged
from bailiwick.control.release.packing import Notify
from bailiwick.control.release.tables import CurrentRow, ReleaseRow
from bailiwick.core.chain import Chain, TrustedKeys, VerifiedRelease, verify_chain
from bailiwick.core.clock import Clock
from bailiwick.core.errors import BailiwickError, ForbiddenError
from bailiwick.core.events import Outcome
from bailiwick.core.gate import is_gate
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.oci import image_of
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.core.statements import (
    REHEARSAL,
    Envelope,
    SignatureError,
    SigningKey,
    Statement,
    open_statement,
    seal,
)
from bailiwick.core.trust import PublishedKey, Purpose, trusted_at
from bailiwick.store import Store

_INSTANT = timedelta(microseconds=1)


class KeyHistory(Protocol):
    """What is needed of the signing domain."""

    def now(self, session: Session, purpose: Purpose) -> SigningKey:
        """Return the key that signs for a purpose now."""

    def published(self, session: Session) -> tuple[PublishedKey, ...]:
        """Return every key and what became of it."""


@dataclass(frozen=True, slots=True)
class Resigned:
    """What became of a release that was to be signed again; `problem` says why it was not, empty where it was."""

    app: str
    mode: str
    release: str
    key: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Served:
    """A release as its row had it when it was examined."""

    id: str
    app: str
    mode: str
    commit: str
    tree: str
    reach: str
    artifact_sha256: str
    chain: Mapping[str, Any]
    created_at: datetime


class ResignService:
    """Opens a transaction for each release, so that one that cannot be signed again keeps no other from it."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        keys: KeyHistory,
        builder: Builder,
        artifacts: ArtifactStore,
        clock: Clock,
        notify: Notify,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._keys = keys
        self._builder = builder
        self._artifacts = artifacts
        self._clock = clock
        self._notify = notify

    def resign(self, identity: Identity, reason: str) -> list[Resigned]:
        """Sign every served release again that another key than the present one signed; planes are told.

        Only what verified by the keys as they were before the end, and is the same as then. What was not signed again
        comes back with its problem; both are audited. Raises `ForbiddenError` for who may not manage keys.
        """
        reason = given_reason(reason, "say in a few words why", what="signing again")
        with self._store.transaction() as session:
            self._authorizer.require(session, identity, "key.manage", ORGANIZATION)
            present = self._keys.now(session, "release").key_id
            known = self._keys.published(session)
            query = select(ReleaseRow).join(CurrentRow, CurrentRow.release == ReleaseRow.id)
            rows = session.scalars(query.order_by(ReleaseRow.app, ReleaseRow.mode)).all()
            served = [_served(row) for row in rows if _signers(row.chain) != {present}]
        done = [self._again(identity, item, known, reason) for item in served]
        if any(not item.problem for item in done):
            self._notify(StateChanged())
        return done

    def _again(self, identity: Identity, item: _Served, known: Sequence[PublishedKey], reason: str) -> Resigned:
        try:
            data = self._artifacts.get(item.artifact_sha256)
            chain = chain_of(self._artifacts, item.chain)
            verified = self._examined(item, data, chain, known)
            return self._signed(identity, item, chain, verified, data, reason)
        except ForbiddenError:
            raise
        except BailiwickError as fault:
            return self._refused(identity, item, _words(fault, item.mode), reason)

    def _signed(
        self, identity: Identity, item: _Served, chain: Chain, verified: VerifiedRelease, data: bytes, reason: str
    ) -> Resigned:
        """Sign and keep what was examined; what planes would not start by the keys of this moment is not kept."""
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "key.manage", ORGANIZATION)
            row = session.scalars(select(ReleaseRow).where(ReleaseRow.id == item.id).with_for_update()).one()
            key = self._keys.now(session, "release")
            if row.chain != item.chain:
                raise SignatureError("its signatures changed meanwhile: try again")
            # A gate has the key for approvals, whose word nobody can say again.
            attachments = tuple(item if _is_gate(item) else _resealed(item, key) for item in chain.attachments)
            fresh = replace(chain, artifact=_resealed(chain.artifact, key), attachments=attachments)
            trusted = trusted_at(self._keys.published(session), self._clock())
            verify_chain(fresh, data, trusted, app=item.app, mode=item.mode, reach=item.reach)
            row.chain = {**row.chain, **self._kept(item, fresh, key)}
            if item.mode == PRODUCTION:
                self._keep_image(item, verified, data, fresh)
            self._audit.note(
                session,
                str(identity.principal),
                "release.resigned",
                f"app:{item.app}",
                reason=reason,
                app=item.app,
                release=item.id,
                deciders=decision.deciders,
                context={"key": key.key_id, "artifact": item.artifact_sha256, "mode": item.mode},
                before={"keys": tuple(sorted(_signers(item.chain)))},
            )
        return Resigned(item.app, item.mode, item.id, key.key_id, "")

    def _examined(self, item: _Served, data: bytes, chain: Chain, known: Sequence[PublishedKey]) -> VerifiedRelease:
        """Return what a release proves; raise `SignatureError` when it is not as it was before its key ended."""
        now = self._clock()
        signers = _signers(item.chain)
        ended = [key for key in known if key.id in signers and not key.counts(now)]
        ends = [key.ends for key in ended if key.ends is not None]
        if any(item.created_at >= end for end in ends):
            raise SignatureError("it was made after its key ended")
        then = min(ends) - _INSTANT if ends else now
        keys = replace(trusted_at(known, now), release=trusted_at(known, then).release)
        verified = verify_chain(chain, data, keys, app=item.app, mode=item.mode, reach=item.reach)
        said = (verified.release, verified.commit, verified.tree, verified.layer)
        if said != (item.id, item.commit, item.tree, item.chain.get("layer", "")):
            raise SignatureError("what was signed is another release than the one that is served")
        if item.chain.get("rehearsal"):
            _check_rehearsal(item, keys)
        if verified.layer and any(key.revoked for key in ended):
            self._check_dependencies(verified)
        return verified

    def _check_dependencies(self, verified: VerifiedRelease) -> None:
        """Build the dependencies again: of the files, verdict and approvals speak too, of these only the ended key."""
        if self._builder.build(tuple(verified.files.values())).layer != verified.layer:
            raise SignatureError("its dependencies, built again, are others than those that were signed")

    def _kept(self, item: _Served, fresh: Chain, key: SigningKey) -> dict[str, Any]:
        rehearsal = item.chain.get("rehearsal")
        again = _resealed(Envelope.model_validate(rehearsal), key) if rehearsal else None
        return {
            "artifact": json.loads(_text(fresh.artifact)),
            "attachments": [self._artifacts.put(_text(envelope)) for envelope in fresh.attachments],
            "rehearsal": json.loads(_text(again)) if again is not None else None,
        }

    def _keep_image(self, item: _Served, verified: VerifiedRelease, data: bytes, fresh: Chain) -> None:
        layer_bytes = len(self._artifacts.get(verified.layer)) if verified.layer else 0
        image = image_of(verified.tree, data, verified.layer, layer_bytes)
        keep_image(self._artifacts, image, (fresh.artifact, *fresh.others), item.id)

    def _refused(self, identity: Identity, item: _Served, problem: str, reason: str) -> Resigned:
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "key.manage", ORGANIZATION)
            key = self._keys.now(session, "release").key_id
            self._audit.note(
                session,
                str(identity.principal),
                "release.not-resigned",
                f"app:{item.app}",
                outcome=Outcome.FAILED,
                reason=reason,
                app=item.app,
                release=item.id,
                deciders=decision.deciders,
                context={"problem": problem, "mode": item.mode},
            )
        return Resigned(item.app, item.mode, item.id, key, problem)


def _served(row: ReleaseRow) -> _Served:
    return _Served(**{name: getattr(row, name) for name in _Served.__slots__})


def _check_rehearsal(item: _Served, keys: TrustedKeys) -> None:
    envelope = Envelope.model_validate(item.chain["rehearsal"])
    rehearsal = open_statement(envelope, keys.release, REHEARSAL)
    if rehearsal.subjects.get(item.app, {}).get("gitTree") != item.tree:
        raise SignatureError("the rehearsal is of another tree")


def _signers(chain: Mapping[str, Any]) -> set[str]:
    """Return the keys for releases that signed a chain; attachments have the artefact's."""
    envelopes = [chain["artifact"], *([chain["rehearsal"]] if chain.get("rehearsal") else [])]
    return {signature["keyid"] for envelope in envelopes for signature in envelope["signatures"]}


def _is_gate(envelope: Envelope) -> bool:
    return is_gate(Statement.from_bytes(envelope.payload_bytes()))


def _resealed(envelope: Envelope, key: SigningKey) -> Envelope:
    """Return the same payload, byte for byte, signed by another key."""
    return seal(envelope.payload_bytes(), key, envelope.payload_type)


def _text(envelope: Envelope) -> bytes:
    return envelope.model_dump_json(by_alias=True).encode()


def _words(fault: BailiwickError, mode: str) -> str:
    if fault.message.startswith(("review verdict", "approval")):
        helps = "deploy it again, with a new approval" if mode == PRODUCTION else "push it again"
        return f"{fault.message}; nobody can say that again for somebody else: {helps}"
    return fault.message
