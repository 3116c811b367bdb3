"""Sealing: makes a release's artefact and signs everything that is said of it, each statement bound to the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.core.artifacts import TreeFile, digest, pack
from bailiwick.core.chain import Chain, artifact_statement
from bailiwick.core.gate import Gate
from bailiwick.core.oci import Manifest, image_of
from bailiwick.core.provenance import (
    Built,
    Made,
    bill_statement,
    made_subjects,
    provenance_statement,
    scan_statement,
    tests_statement,
)
from bailiwick.core.statements import GATE, Envelope, SigningKey, Statement, sign_statement


@dataclass(frozen=True, slots=True)
class Order:
    """What a release is made of. `reach` is a digest, `bill` a CycloneDX document, `scan` what was found in packages
    and code, and `tests` what became of the app's own (none for previews). `version` is the platform's, `gate` how it
    came to production (none for previews).
    """

    app: str
    release: str
    mode: str
    commit: str
    tree: str
    reach: str
    authors: frozenset[str]
    verdict: Envelope
    approvals: tuple[Envelope, ...]
    files: Sequence[TreeFile]
    built: Built
    bill: Mapping[str, object] | None
    version: str
    time: datetime
    gate: Gate | None = None
    scan: Mapping[str, object] | None = None
    tests: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """An artefact's bytes, its image and its chain."""

    data: bytes
    image: Manifest
    chain: Chain
    layer: str = ""


def seal_release(order: Order, key: SigningKey, gate_key: SigningKey | None = None) -> Sealed:
    """Pack the files and sign provenance, bill, scan and artefact with the key for releases, the gate with `gate_key`,
    which is the one for approvals.
    """
    data = pack(order.files)
    image = image_of(order.tree, data, order.built.layer, order.built.layer_bytes)
    made = Made(
        order.app,
        order.release,
        order.commit,
        order.tree,
        order.mode,
        digest(data),
        image.sha256,
        order.version,
        order.time,
    )
    files = {file.path: file for file in order.files}
    attachments = [provenance_statement(made, order.built, files)]
    if order.bill is not None:
        attachments.append(bill_statement(made, order.bill))
    if order.scan is not None:
        attachments.append(scan_statement(made, order.scan))
    if order.tests is not None:
        attachments.append(tests_statement(made, order.tests))
    signed = tuple(sign_statement(statement, key) for statement in attachments)
    if order.gate is not None and gate_key is not None:
        predicate = order.gate.predicate(release=order.release, tree=order.tree)
        signed = (*signed, sign_statement(Statement(GATE, made_subjects(made), predicate), gate_key))
    statement = artifact_statement(
        app=order.app,
        release=order.release,
        commit=order.commit,
        tree=order.tree,
        reach=order.reach,
        mode=order.mode,
        sha256=made.sha256,
        authors=order.authors,
        layer=order.built.layer,
        image=image.sha256,
        others=(order.verdict, *order.approvals, *signed),
        gate=order.gate is not None,
    )
    return Sealed(
        data, image, Chain(order.verdict, order.approvals, sign_statement(statement, key), signed), order.built.layer
    )
