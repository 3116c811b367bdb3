from dataclasses import replace
from typing import Any

import pytest

from bailiwick.core.artifacts import TreeFile, digest, git_tree_id, pack
from bailiwick.core.chain import (
    Chain,
    TrustedKeys,
    approval_statement,
    artifact_statement,
    verdict_statement,
    verify_chain,
)
from bailiwick.core.chain_words import chain_lines
from bailiwick.core.clock import utc_now
from bailiwick.core.oci import image_of
from bailiwick.core.provenance import Built, Made, bill_statement, provenance_statement
from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, sign_statement

APP, AUTHOR, ADMIN, REACH = "finance/refund-desk", "user:builder@example.com", "user:admin@example.com", "ab" * 32
REVIEW, APPROVAL, RELEASE, STRANGER = (SigningKey.generate() for _ in range(4))
KEYS = TrustedKeys(*(Keyring.of([key.public_text]) for key in (REVIEW, APPROVAL, RELEASE)))
LOCK = TreeFile("requirements.lock", b"h11==1.0 --hash=sha256:00")
FILES = [TreeFile("app.py", b"print(1)"), TreeFile("bin/run", b"#!", executable=True), LOCK]
BY_PATH = {file.path: file for file in FILES}
DATA, TREE = pack(FILES), git_tree_id(BY_PATH)
LAYER = "1a" * 32
BUILT = Built(LAYER, 10, "python3", {"h11-1.0-py3-none-any.whl": "00"})
IMAGE = image_of(TREE, DATA, LAYER, 10).sha256


def verdict(*, key: SigningKey = REVIEW, passed: bool = True, tree: str = TREE) -> Envelope:
    return sign_statement(
        verdict_statement(app=APP, commit="c1", tree=tree, author=AUTHOR, passed=passed, review="rev_1"), key
    )


def approval(
    *, key: SigningKey = APPROVAL, approver: str = ADMIN, tree: str = TREE, reach: str = REACH, behalf: str = ""
) -> Envelope:
    statement = approval_statement(
        app=APP, tree=tree, reach=reach, approver=approver, reason="seen", deploy="dep_1", behalf=behalf
    )
    return sign_statement(statement, key)


def made(*, data: bytes = DATA, tree: str = TREE, app: str = APP) -> Made:
    return Made(app, "rel_1", "c1", tree, "production", digest(data), IMAGE, "0.1", utc_now())


def attachments(*, key: SigningKey = RELEASE, built: Built = BUILT, **changes: Any) -> tuple[Envelope, ...]:
    about = made(**changes)
    statements = (provenance_statement(about, built, BY_PATH), bill_statement(about, {"bomFormat": "CycloneDX"}))
    return tuple(sign_statement(statement, key) for statement in statements)


ATTACHED = attachments()


def artifact(
    *,
    key: SigningKey = RELEASE,
    data: bytes = DATA,
    tree: str = TREE,
    mode: str = "production",
    app: str = APP,
    authors: tuple[str, ...] = (AUTHOR,),
    layer: str = LAYER,
    others: tuple[Envelope, ...] | None = None,
) -> Envelope:
    return sign_statement(
        artifact_statement(
            app=app,
            release="rel_1",
            commit="c1",
            tree=tree,
            reach=REACH,
            mode=mode,
            sha256=digest(data),
            authors=authors,
            layer=layer,
            image=IMAGE,
            others=(VERDICT, APPROVED, *ATTACHED) if others is None else others,
        ),
        key,
    )


VERDICT, APPROVED = verdict(), approval()
GOOD = Chain(VERDICT, (APPROVED,), artifact(), ATTACHED)


def with_attachments(*attached: Envelope, layer: str = LAYER) -> Chain:
    """Return a chain that its signer bound to other attachments than a good one has."""
    return Chain(VERDICT, (APPROVED,), artifact(layer=layer, others=(VERDICT, APPROVED, *attached)), attached)


@pytest.mark.req("DG7")
def test_a_whole_chain_proves_who_wrote_and_who_approved() -> None:
    release = verify_chain(GOOD, DATA, KEYS, app=APP, mode="production", reach=REACH)
    assert (release.authors, release.approvers, release.tree) == ((AUTHOR,), (ADMIN,), TREE)
    assert release.files["bin/run"].executable


@pytest.mark.req("DG7", "RV1")
@pytest.mark.parametrize(
    ("chain", "data", "words"),
    [
        (GOOD, DATA.replace(b"print(1)", b"print(2)"), "the artefact's bytes"),
        (replace(GOOD, artifact=artifact(key=STRANGER)), DATA, "artefact: signed by a key that is not trusted"),
        (replace(GOOD, artifact=artifact(key=REVIEW)), DATA, "artefact: signed by a key that is not trusted"),
        (replace(GOOD, artifact=GOOD.artifact.model_copy(update={"signatures": ()})), DATA, "carries no signature"),
        (replace(GOOD, artifact=artifact(mode="preview")), DATA, "the artefact's purpose"),
        (replace(GOOD, artifact=artifact(app="finance/other")), DATA, "is not about finance/refund-desk"),
        (replace(GOOD, verdict=verdict(passed=False)), DATA, "the review's outcome"),
        (replace(GOOD, verdict=verdict(tree="0" * 40)), DATA, "the reviewed tree"),
        (replace(GOOD, verdict=verdict(key=APPROVAL)), DATA, "review verdict: signed by a key"),
        (replace(GOOD, verdict=GOOD.artifact), DATA, "review verdict"),
        (replace(GOOD, artifact=artifact(authors=(AUTHOR, ADMIN))), DATA, "nobody but its authors approved"),
        (replace(GOOD, artifact=artifact(authors=())), DATA, "does not name user:builder@example.com"),
        (replace(GOOD, approvals=()), DATA, "nobody but its authors approved"),
        (replace(GOOD, approvals=(approval(approver=AUTHOR),)), DATA, "nobody but its authors approved"),
        (replace(GOOD, approvals=(approval(tree="0" * 40),)), DATA, "the approved tree"),
        (replace(GOOD, approvals=(approval(reach="cd" * 32),)), DATA, "the approved reach"),
        (replace(GOOD, approvals=(approval(key=STRANGER),)), DATA, "approval: signed by a key"),
        (replace(GOOD, approvals=(approval(), approval(approver="user:x@example.com"))), DATA, "what the artefact was"),
        (replace(GOOD, attachments=ATTACHED[:1]), DATA, "what the artefact was signed with"),
        (replace(GOOD, attachments=(*ATTACHED, ATTACHED[0])), DATA, "what the artefact was signed with"),
        (replace(GOOD, attachments=attachments(key=REVIEW)), DATA, "attachment: signed by a key"),
        (with_attachments(), DATA, "the artefact has no provenance"),
        (with_attachments(ATTACHED[0]), DATA, "no bill of materials"),
        (with_attachments(*ATTACHED, layer=""), DATA, "does not pin its dependencies"),
        (with_attachments(*attachments(tree="0" * 40)), DATA, "the provenance is of another tree"),
        (with_attachments(*attachments(app="finance/other")), DATA, "is about another artefact"),
        (with_attachments(*attachments(data=b"")), DATA, "is about another artefact"),
    ],
)
def test_each_broken_link_is_named(chain: Chain, data: bytes, words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        verify_chain(chain, data, KEYS, app=APP, mode="production", reach=REACH)


@pytest.mark.req("DG2", "DG7")
def test_an_approval_in_the_place_of_an_author_counts_for_nothing() -> None:
    for behalf, counts in ((AUTHOR, False), ("user:carol@example.com", True)):
        approved = approval(behalf=behalf)
        others = (VERDICT, approved, *ATTACHED)
        chain = Chain(VERDICT, (approved,), artifact(others=others), ATTACHED)
        if counts:
            release = verify_chain(chain, DATA, KEYS, app=APP, mode="production", reach=REACH)
            assert f"approval   by {ADMIN} for {behalf}: seen" in chain_lines(release)
        else:
            with pytest.raises(SignatureError, match="nobody but its authors"):
                verify_chain(chain, DATA, KEYS, app=APP, mode="production", reach=REACH)


@pytest.mark.req("DG7")
def test_other_files_under_a_valid_digest_are_not_the_reviewed_tree() -> None:
    other = pack([TreeFile("app.py", b"print(2)")])
    with pytest.raises(SignatureError, match="the tree in the artefact"):
        verify_chain(replace(GOOD, artifact=artifact(data=other)), other, KEYS, app=APP, mode="production", reach=REACH)


@pytest.mark.req("DG7")
def test_one_changed_byte_of_a_payload_breaks_the_signature() -> None:
    payload = GOOD.artifact.payload
    changed = GOOD.artifact.model_copy(update={"payload": ("A" if payload[0] != "A" else "B") + payload[1:]})
    with pytest.raises(SignatureError, match="does not fit"):
        verify_chain(replace(GOOD, artifact=changed), DATA, KEYS, app=APP, mode="production", reach=REACH)


def test_a_wider_reach_than_the_approved_one_is_refused() -> None:
    with pytest.raises(SignatureError, match="the reach"):
        verify_chain(GOOD, DATA, KEYS, app=APP, mode="production", reach="ee" * 32)
