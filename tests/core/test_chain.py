from dataclasses import replace

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
from bailiwick.core.statements import Envelope, Keyring, SignatureError, SigningKey, sign_statement

APP, AUTHOR, ADMIN, REACH = "finance/refund-desk", "user:builder@example.com", "user:admin@example.com", "ab" * 32
REVIEW, APPROVAL, RELEASE, STRANGER = (SigningKey.generate() for _ in range(4))
KEYS = TrustedKeys(*(Keyring.of([key.public_text]) for key in (REVIEW, APPROVAL, RELEASE)))
FILES = [TreeFile("app.py", b"print(1)"), TreeFile("bin/run", b"#!", executable=True)]
DATA, TREE = pack(FILES), git_tree_id({file.path: file for file in FILES})


def verdict(*, key: SigningKey = REVIEW, passed: bool = True, tree: str = TREE) -> Envelope:
    return sign_statement(
        verdict_statement(app=APP, commit="c1", tree=tree, author=AUTHOR, passed=passed, review="rev_1"), key
    )


def approval(*, key: SigningKey = APPROVAL, approver: str = ADMIN, tree: str = TREE, reach: str = REACH) -> Envelope:
    return sign_statement(
        approval_statement(app=APP, tree=tree, reach=reach, approver=approver, reason="seen", deploy="dep_1"), key
    )


def artifact(
    *,
    key: SigningKey = RELEASE,
    data: bytes = DATA,
    tree: str = TREE,
    mode: str = "production",
    app: str = APP,
    authors: tuple[str, ...] = (AUTHOR,),
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
        ),
        key,
    )


GOOD = Chain(verdict(), (approval(),), artifact())


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
    ],
)
def test_each_broken_link_is_named(chain: Chain, data: bytes, words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        verify_chain(chain, data, KEYS, app=APP, mode="production", reach=REACH)


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
