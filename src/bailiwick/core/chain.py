"""The chain of a release: review verdict, approvals and artefact, checked as one before anything starts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.core.artifacts import TreeFile, digest, git_tree_id, unpack
from bailiwick.core.statements import (
    APPROVAL,
    ARTIFACT,
    REVIEW_VERDICT,
    Envelope,
    Keyring,
    SignatureError,
    Statement,
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
    """The signed statements of one release; a preview needs no approval."""

    verdict: Envelope
    approvals: tuple[Envelope, ...]
    artifact: Envelope


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
    *, app: str, tree: str, reach: str, approver: str, reason: str, deploy: str, design: str = ""
) -> Statement:
    """Return that a person approved a tree with a reach; `reach` is the digest of all that the app may touch, `design`
    that of what it is for and how its data flows, as they saw it.
    """
    predicate = {
        "app": app,
        "reach": reach,
        "design": design,
        "approver": approver,
        "reason": reason,
        "deploy": deploy,
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
) -> Statement:
    """Return that an artefact was packed from a tree, for `mode` ("preview" or "production").

    `authors` are all who wrote what is new in it, the author of the reviewed commit among them.
    """
    predicate = {
        "app": app,
        "release": release,
        "commit": commit,
        "reach": reach,
        "mode": mode,
        "authors": sorted(authors),
    }
    return Statement(ARTIFACT, {app: {"gitTree": tree, "sha256": sha256}}, predicate)


def verify_chain(chain: Chain, data: bytes, keys: TrustedKeys, *, app: str, mode: str, reach: str) -> VerifiedRelease:
    """Check every link: signatures, that all speak of one tree and reach, and that the bytes are that tree.

    `data` is the artefact as fetched; `mode` is "preview" or "production", and production demands an approval by
    someone who wrote none of it; `reach` is the digest of what the plane is about to open to the app.
    Raises `SignatureError` that names the link that fails.
    """
    artifact = _link("artefact", chain.artifact, keys.release, ARTIFACT)
    verdict = _link("review verdict", chain.verdict, keys.review, REVIEW_VERDICT)
    approvals = [_link("approval", envelope, keys.approval, APPROVAL) for envelope in chain.approvals]
    tree = _digest_of(artifact, app, "gitTree")
    _expect("the artefact's purpose", artifact.predicate.get("mode"), mode)
    _expect("the artefact's bytes", digest(data), _digest_of(artifact, app, "sha256"))
    _expect("the reviewed tree", _digest_of(verdict, app, "gitTree"), tree)
    _expect("the review's outcome", verdict.predicate.get("passed"), True)
    _expect("the reach", artifact.predicate.get("reach"), reach)
    authors = _authors(artifact, str(verdict.predicate.get("author")))
    approvers = tuple(_approver(approval, app, tree, reach) for approval in approvals)
    if mode == "production" and not set(approvers) - set(authors):
        raise SignatureError("nobody but its authors approved this release")
    files = unpack(data)
    _expect("the tree in the artefact", git_tree_id(files), tree)
    return VerifiedRelease(
        app=app,
        release=str(artifact.predicate.get("release")),
        commit=str(artifact.predicate.get("commit")),
        tree=tree,
        reach=reach,
        authors=authors,
        approvers=approvers,
        files=files,
    )


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


def _digest_of(statement: Statement, app: str, kind: str) -> str:
    try:
        return statement.subjects[app][kind]
    except KeyError as fault:
        raise SignatureError(f"the statement {statement.predicate_type} is not about {app}") from fault


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise SignatureError(f"{what} is not the one expected: expected {expected!r:.80}, found {found!r:.80}")
