"""Bundles: what a stranger can check with keys alone, and each way of forging one."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey

from bailiwick.core.artifacts import TreeFile, digest, pack
from bailiwick.core.bundle import layout_of, read_layout, verify_bundle
from bailiwick.core.chain import Chain, VerifiedRelease, artifact_statement
from bailiwick.core.chain_words import chain_json, chain_lines
from bailiwick.core.clock import utc_now
from bailiwick.core.oci import attestation_tag, public_key_pem
from bailiwick.core.provenance import Built
from bailiwick.core.sealing import Order, seal_release
from bailiwick.core.statements import SignatureError, SigningKey, sign_statement
from tests.core.test_chain import (
    ADMIN,
    APP,
    AUTHOR,
    FILES,
    KEYS,
    REACH,
    RELEASE,
    STRANGER,
    TREE,
    approval,
    verdict,
)

LAYER = b"what the lock file was built to"
SCAN = {
    "scanner": {"db": {"lastUpdate": "2026-11-28T00:00:00+00:00"}, "result": [{"id": "GHSA-1"}]},
    "review": {"engines": {"a": "1", "b": "1"}, "findings": {"high": 2, "low": 0}, "waived": [{"id": "wai_1"}]},
}
TESTS = {"result": "PASSED", "passedTests": ["a"], "runner": "pytest", "counts": {"passed": 3, "skipped": 1}}
Layout = dict[str, bytes]


def order(**changes: Any) -> Order:
    made = Order(
        app=APP, release="rel_1", mode="production", commit="c1", tree=TREE, reach=REACH, authors=frozenset({AUTHOR}),
        verdict=verdict(), approvals=(approval(),), files=FILES,
        built=Built(digest(LAYER), len(LAYER), "python3", {"h11-1.0-py3-none-any.whl": "00"}),
        bill={"bomFormat": "CycloneDX", "components": [{"name": "h11"}]}, version="0.1", time=utc_now(), scan=SCAN,
        tests=TESTS,
    )  # fmt: skip
    return replace(made, **changes)


SEALED = seal_release(order(), RELEASE)


def exported(chain: Chain = SEALED.chain, data: bytes = SEALED.data, layer: bytes = LAYER, tree: str = TREE) -> Layout:
    return layout_of(tree, data, layer, chain, "rel_1")


def verified(layout: Layout, **options: str) -> VerifiedRelease:
    return verify_bundle(read_layout(layout.__getitem__), KEYS, **options)


@pytest.mark.req("DG7", "VA3")
def test_a_bundle_proves_the_chain_in_words() -> None:
    release = verified(exported(), app=APP)
    lines = "\n".join(chain_lines(release))
    for words in (f"c1 of {APP}, written by {AUTHOR}", "passed in rev_1", f"by {ADMIN}: seen", "from 1 wheels",
                  "1 packages", "rel_1 for production",
                  "by 2 engines with advisories of 2026-11-28: 1 known vulnerabilities",
                  "findings: 2 high, 1 of them waived",
                  "tests      PASSED: 3 passed, 1 skipped, by pytest"):  # fmt: skip
        assert words in lines
    assert chain_json(release)["image"] == f"sha256:{SEALED.image.sha256}"


@pytest.mark.req("DG7")
def test_the_same_tree_and_lock_give_the_same_image_in_another_release() -> None:
    again = seal_release(order(release="rel_2", commit="c2"), SigningKey.generate())
    assert again.image.sha256 == SEALED.image.sha256


@pytest.mark.req("DG7", "VA3")
def test_others_read_the_layout_and_verify_the_statements() -> None:
    layout = exported()
    index = json.loads(layout["index.json"])
    assert json.loads(layout["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    for path, content in layout.items():
        if path.startswith("blobs/"):
            assert digest(content) == path.rpartition("/")[2]
    tag = attestation_tag(SEALED.image.sha256)
    names = {item.get("annotations", {}).get("org.opencontainers.image.ref.name"): item for item in index["manifests"]}
    manifest = json.loads(layout[_blob(names[tag])])
    key = load_pem_public_key(public_key_pem(RELEASE.public_text).encode())
    signer = SSlibKey.from_crypto(key)  # type: ignore[arg-type]
    kinds = set()
    for layer in manifest["layers"]:
        assert layer["mediaType"] == "application/vnd.dsse.envelope.v1+json"
        written = json.loads(layout[_blob(layer)])
        statement = json.loads(base64.b64decode(written["payload"]))
        assert statement["predicateType"] == layer["annotations"]["predicateType"]
        kinds.add(statement["predicateType"])
        if "review" not in statement["predicateType"] and "approval" not in statement["predicateType"]:
            envelope = OtherEnvelope.from_dict(json.loads(layout[_blob(layer)]))
            assert envelope.verify([replace_id(signer, written)], 1)
            digests = [item["digest"].get("sha256") for item in statement["subject"]]
            assert SEALED.image.sha256 in digests  # what cosign compares
    assert {"https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom"} < kinds
    referrers = [item for item in index["manifests"] if "bundle" in item.get("artifactType", "")]
    assert len(referrers) == len(manifest["layers"])
    for item in referrers:
        assert json.loads(layout[_blob(item)])["subject"]["digest"] == f"sha256:{SEALED.image.sha256}"


def replace_id(key: SSlibKey, envelope: dict[str, Any]) -> SSlibKey:
    key.keyid = envelope["signatures"][0]["keyid"]
    return key


def _blob(descriptor: dict[str, Any]) -> str:
    return "blobs/" + descriptor["digest"].replace(":", "/")


def another_tree() -> Layout:
    return exported(data=pack([TreeFile("app.py", b"print(2)")]))


def another_layer() -> Layout:
    return exported(layer=b"other packages")


def no_layer() -> Layout:
    return exported(layer=b"")


def removed_scan() -> Layout:
    return exported(replace(SEALED.chain, attachments=SEALED.chain.attachments[:2]))


def another_key() -> Layout:
    return exported(seal_release(order(), STRANGER).chain)


def swapped_approval() -> Layout:
    return exported(replace(SEALED.chain, approvals=(approval(approver="user:other@example.com"),)))


def removed_statement() -> Layout:
    return exported(replace(SEALED.chain, attachments=SEALED.chain.attachments[:1]))


def removed_verdict() -> Layout:
    layout = exported()
    index = json.loads(layout["index.json"])
    kind = "dev.sigstore.bundle.predicateType"
    index["manifests"] = [
        item for item in index["manifests"] if "verdict" not in item.get("annotations", {}).get(kind, "")
    ]
    return {**layout, "index.json": json.dumps(index).encode()}


def statement_of_another_release() -> Layout:
    other = seal_release(order(files=[*FILES, TreeFile("more.py", b"")], tree=TREE), RELEASE)
    return exported(replace(SEALED.chain, attachments=other.chain.attachments))


def changed_blob() -> Layout:
    layout = exported()
    path = f"blobs/sha256/{digest(SEALED.data)}"
    return {**layout, path: layout[path].replace(b"print(1)", b"print(2)")}


def moved_image() -> Layout:
    return exported(tree="0" * 40)


def unpinned_image() -> Layout:
    statement = artifact_statement(
        app=APP, release="rel_1", commit="c1", tree=TREE, reach=REACH, mode="production", sha256=digest(SEALED.data),
        authors=(AUTHOR,), layer=digest(LAYER), image="0" * 64, others=SEALED.chain.others,
    )  # fmt: skip
    return exported(replace(SEALED.chain, artifact=sign_statement(statement, RELEASE)))


def two_releases() -> Layout:
    layout = exported()
    index = json.loads(layout["index.json"])
    return {**layout, "index.json": json.dumps({"manifests": index["manifests"] * 2}).encode()}


def nonsense() -> Layout:
    return {"index.json": b"[1, 2]"}


@pytest.mark.req("DG7")
@pytest.mark.parametrize(
    ("forged", "words"),
    [
        (another_tree, "the artefact's bytes"),
        (another_layer, "the dependencies are not those"),
        (no_layer, "the dependencies are not those"),
        (another_key, "artefact: signed by a key that is not trusted"),
        (swapped_approval, "what the artefact was signed with"),
        (removed_statement, "what the artefact was signed with"),
        (removed_scan, "what the artefact was signed with"),
        (removed_verdict, "there must be one review verdict"),
        (statement_of_another_release, "what the artefact was signed with"),
        (changed_blob, "holds other bytes than its name says"),
        (moved_image, "the image is not the one"),
        (unpinned_image, "is about another artefact"),
        (two_releases, "there must be one release"),
        (nonsense, "not the image layout of a release"),
    ],
)
def test_each_way_of_forging_is_named(forged: Callable[[], Layout], words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        verified(forged())


@pytest.mark.req("DG7")
def test_a_release_of_one_app_is_none_of_another() -> None:
    with pytest.raises(SignatureError, match="is not about finance/other"):
        verified(exported(), app="finance/other")
