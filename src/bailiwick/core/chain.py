"""The chain of a release: review verdict, approvals and artefact, checked as one before anything starts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.core.artifacts import TreeFile, digest, git_tree_id, unpack
from bailiwick.core.gate import check_gate, demands_gate, is_gate
from bailiwick.core.provenance import BILL, PROVENANCE, check_provenance, image_name, lock_name
from bailiwick.core.statements import (
    APPROVAL,
    ARTIFACT,
    GATE,
    REHEARSAL,
    REVIEW_VERDICT,
    Envelope,
    Keyring,
    SignatureError,
    Statement,
    open_envelope,
    open_statement,
)


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Whose word counts for what: reviews, approvals and artefacts have keys of their own."""

    review: Keyring
    approval: Keyring
    release: Keyring


@dataclass(frozen=True, slots=True)
class Chain:
    """The signed statements of one release; a preview needs no approval.

    `attachments` say more about the artefact: its provenance, its bill of materials, the gate that it came through, and
    whatever else was found out before it was signed. The statement about the artefact names every other one, so that
    none can be left out.
    """

    verdict: Envelope
    approvals: tuple[Envelope, ...]
    artifact: Envelope
    attachments: tuple[Envelope, ...] = ()

    @property
    def others(self) -> tuple[Envelope, ...]:
        """Every statement but the one about the artefact."""
        return (self.verdict, *self.approvals, *self.attachments)


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """What a chain proves: this app, at this commit and tree, with this reach, in these files."""

    app: str
    release: str
    commit: str
    tree: str
    reach: str
    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    files: dict[str, TreeFile]
    mode: str = ""
    layer: str = ""
    image: str = ""
    statements: tuple[Statement, ...] = ()


def verdict_statement(
    *,
    app: str,
    commit: str,
    tree: str,
    author: str,
    passed: bool,
    review: str,
    basis: Mapping[str, str] | None = None,
    waivers: Sequence[Mapping[str, str]] = (),
) -> Statement:
    """Return what a review says of a tree; `review` is the id of the review that holds the findings.

    `basis` names by digest what it was reviewed by, and `waivers` what it passed by: with another basis, or when the
    first of the waivers ends, it is no ground for a new release any more.
    """
    predicate = {
        "app": app,
        "commit": commit,
        "author": author,
        "passed": passed,
        "review": review,
        "basis": dict(basis or {}),
        "waivers": [dict(waiver) for waiver in waivers],
    }
    return Statement(REVIEW_VERDICT, {app: {"gitTree": tree}}, predicate)


def approval_statement(
    *,
    app: str,
    tree: str,
    reach: str,
    approver: str,
    reason: str,
    deploy: str,
    design: str = "",
    fixes: Sequence[str] = (),
    seats: Sequence[str] = (),
    policy: Mapping[str, str] | None = None,
    behalf: str = "",
) -> Statement:
    """Return that a person approved a tree with a reach; `reach` is the digest of all that the app may touch, `design`
    that of what it is for and how its data flows, as they saw it, `fixes` the freezes that they let it pass as the
    fix of, and `behalf` who handed the right to them, where it was not their own. `seats` are the places of rules that
    they could take, and `policy` names rule and policies as they were.
    """
    predicate: dict[str, object] = {
        "app": app,
        "reach": reach,
        "design": design,
        "approver": approver,
        "reason": reason,
        "deploy": deploy,
        **({"fixes": list(fixes)} if fixes else {}),
        **({"seats": list(seats), "policy": dict(policy)} if policy is not None else {}),
        **({"behalf": behalf} if behalf else {}),
    }
    return Statement(APPROVAL, {app: {"gitTree": tree}}, predicate)


def artifact_statement(
    *,
    app: str,
    release: str,
    commit: str,
    tree: str,
    reach: str,
    mode: str,
    sha256: str,
    authors: Iterable[str],
    layer: str = "",
    image: str = "",
    others: Iterable[Envelope] = (),
    gate: bool = False,
) -> Statement:
    """Return that an artefact was packed from a tree, for `mode` ("preview" or "production").

    `authors` are all who wrote what is new in it, the author of the reviewed commit among them. `layer` is the SHA-256
    of its dependencies as they were built, `image` that of the OCI manifest, and `others` are the statements that it
    goes with; `gate` says that one of them must be the gate's.
    """
    predicate = {
        "app": app,
        "release": release,
        "commit": commit,
        "reach": reach,
        "mode": mode,
        "authors": sorted(authors),
        "layer": layer,
        "statements": _names(others),
        **({"gate": True} if gate else {}),
    }
    subjects = {app: {"gitTree": tree, "sha256": sha256}, image_name(app): {"sha256": image}}
    return Statement(ARTIFACT, subjects, predicate)


def rehearsal_statement(
    *, app: str, tree: str, plane: str, passed: bool, why: str, migrations: Mapping[str, str]
) -> Statement:
    """Return how the migrations of a tree were rehearsed at a plane; `migrations` are their digests by title."""
    predicate = {"app": app, "plane": plane, "passed": passed, "why": why, "migrations": dict(migrations)}
    return Statement(REHEARSAL, {app: {"gitTree": tree}}, predicate)


def verify_rehearsal(
    envelope: Envelope | None, keys: TrustedKeys, *, app: str, tree: str, migrations: Mapping[str, str]
) -> None:
    """Check that exactly these migrations (digests by title) of a tree were rehearsed, and came back as they were.

    Raises `SignatureError` that says what is missing.
    """
    if envelope is None:
        raise SignatureError("nobody rehearsed the migrations of this release")
    rehearsal = _link("rehearsal", envelope, keys.release, REHEARSAL)
    _expect("the rehearsed tree", _digest_of(rehearsal, app, "gitTree"), tree)
    _expect("the rehearsal's outcome", rehearsal.predicate.get("passed"), True)
    _expect("what was rehearsed", rehearsal.predicate.get("migrations"), dict(migrations))


def verify_chain(chain: Chain, data: bytes, keys: TrustedKeys, *, app: str, mode: str, reach: str) -> VerifiedRelease:
    """Check every link: signatures, that all speak of one tree and reach, that none is missing, and that the bytes are
    that tree.

    `data` is the artefact as fetched; `mode` is "preview" or "production", and production demands that the rule of its
    gate was met (before there were gates: an approval by someone who wrote none of it); `reach` is the digest of what
    the plane is about to open to the app.
    Raises `SignatureError` that names the link that fails.
    """
    artifact = _link("artefact", chain.artifact, keys.release, ARTIFACT)
    verdict = _link("review verdict", chain.verdict, keys.review, REVIEW_VERDICT)
    approvals = [_link("approval", envelope, keys.approval, APPROVAL) for envelope in chain.approvals]
    tree = _digest_of(artifact, app, "gitTree")
    attachments = [_attachment(envelope, keys) for envelope in chain.attachments]
    _expect("the artefact's purpose", artifact.predicate.get("mode"), mode)
    _expect("the artefact's bytes", digest(data), _digest_of(artifact, app, "sha256"))
    _expect("the reviewed tree", _digest_of(verdict, app, "gitTree"), tree)
    _expect("the review's outcome", verdict.predicate.get("passed"), True)
    _expect("the reach", artifact.predicate.get("reach"), reach)
    authors = _authors(artifact, str(verdict.predicate.get("author")))
    approvers = tuple(_approver(approval, app, tree, reach) for approval in approvals)
    if mode == "production":
        named = {
            digest(envelope.payload_bytes()): item for envelope, item in zip(chain.approvals, approvals, strict=True)
        }
        _check_approvals(artifact, named, attachments, authors, tree)
    _expect("what the artefact was signed with", artifact.predicate.get("statements"), _names(chain.others))
    files = unpack(data)
    _expect("the tree in the artefact", git_tree_id(files), tree)
    image = _digest_of(artifact, image_name(app), "sha256")
    about = {app: {"sha256": digest(data)}, image_name(app): {"sha256": image}}
    layer = str(artifact.predicate.get("layer", ""))
    _check_attachments(attachments, about, tree, files)
    if mode == "production":
        _check_production(attachments, files, layer)
    return VerifiedRelease(
        app=app,
        release=str(artifact.predicate.get("release")),
        commit=str(artifact.predicate.get("commit")),
        tree=tree,
        reach=reach,
        authors=authors,
        approvers=approvers,
        files=files,
        mode=mode,
        layer=layer,
        image=image,
        statements=(verdict, *approvals, artifact, *attachments),
    )


def _names(envelopes: Iterable[Envelope]) -> list[str]:
    """Return the digests of what envelopes hold: who signs it again does not change what it says."""
    return sorted(digest(envelope.payload_bytes()) for envelope in envelopes)


def _check_approvals(
    artifact: Statement,
    approvals: Mapping[str, Statement],
    attachments: Sequence[Statement],
    authors: Sequence[str],
    tree: str,
) -> None:
    """Check that those approved who must: by the rule of the gate, or somebody but the authors where there is none."""
    gates = [statement for statement in attachments if is_gate(statement)]
    if len(gates) > 1:
        raise SignatureError("the release says more than once how it was approved")
    if not gates and demands_gate(artifact, list(approvals.values())):
        raise SignatureError("the release does not say by which rule it was approved")
    if gates:
        release, reach = str(artifact.predicate.get("release")), str(artifact.predicate.get("reach"))
        check_gate(gates[0], approvals, release=release, tree=tree, reach=reach, authors=authors)
    # Whoever approves in an author's place does what that author may not.
    counted = {str(item.predicate.get("approver")) for item in approvals.values() if _behalf(item) not in authors}
    if not gates and not counted - set(authors):
        raise SignatureError("nobody but its authors approved this release")


def _attachment(envelope: Envelope, keys: TrustedKeys) -> Statement:
    """Return what an attachment says; the gate's is signed with the key for approvals, others with the artefact's."""
    try:
        kind = Statement.from_bytes(envelope.payload_bytes()).predicate_type
        return Statement.from_bytes(open_envelope(envelope, keys.approval if kind == GATE else keys.release))
    except SignatureError as fault:
        raise SignatureError(f"attachment: {fault.message}") from fault


def _check_attachments(
    attachments: Sequence[Statement],
    about: Mapping[str, Mapping[str, str]],
    tree: str,
    files: Mapping[str, TreeFile],
) -> None:
    """Check that what goes with an artefact is about it, and that its provenance is there and fits."""
    for statement in attachments:
        if dict(statement.subjects) != about:
            raise SignatureError(f"the statement {statement.predicate_type} is about another artefact")
    provenance = next((item for item in attachments if item.predicate_type == PROVENANCE), None)
    if provenance is None:
        raise SignatureError("the artefact has no provenance")
    check_provenance(provenance, tree, files)


def _check_production(attachments: Sequence[Statement], files: Mapping[str, TreeFile], layer: str) -> None:
    """Check what only production demands: the bill of materials, and dependencies that were built before."""
    if BILL not in {statement.predicate_type for statement in attachments}:
        raise SignatureError("the artefact has no bill of materials")
    if lock_name(files) in files and not layer:
        raise SignatureError("the artefact does not pin its dependencies by digest")


def _link(name: str, envelope: Envelope, ring: Keyring, predicate_type: str) -> Statement:
    try:
        return open_statement(envelope, ring, predicate_type)
    except SignatureError as fault:
        raise SignatureError(f"{name}: {fault.message}") from fault


def _authors(artifact: Statement, reviewed: str) -> tuple[str, ...]:
    named = artifact.predicate.get("authors")
    if not isinstance(named, list) or reviewed not in named:
        raise SignatureError(f"the artefact does not name {reviewed:.80}, who wrote what was reviewed, as an author")
    return tuple(str(author) for author in named)


def _approver(approval: Statement, app: str, tree: str, reach: str) -> str:
    _expect("the approved tree", _digest_of(approval, app, "gitTree"), tree)
    _expect("the approved reach", approval.predicate.get("reach"), reach)
    return str(approval.predicate.get("approver"))


def _behalf(approval: Statement) -> str:
    return str(approval.predicate.get("behalf", ""))


def _digest_of(statement: Statement, app: str, kind: str) -> str:
    try:
        return statement.subjects[app][kind]
    except KeyError as fault:
        raise SignatureError(f"the statement {statement.predicate_type} is not about {app}") from fault


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SignatureError(f"{what} is not the one expected: expected {expected!r:.80}, found {found!r:.80}")
