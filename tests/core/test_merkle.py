import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that Certificate Transparency's own implementations test against (RFC 6962 reference vectors).
VECTOR_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
VECTOR_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaf_lists = st.lists(st.binary(max_size=8), min_size=1, max_size=40).map(lambda items: [leaf_hash(i) for i in items])


@pytest.mark.req("OB2")
def test_roots_equal_the_published_vectors() -> None:
    leaves = [leaf_hash(entry) for entry in VECTOR_LEAVES]
    assert [tree_root(leaves[: size + 1]).hex() for size in range(len(leaves))] == VECTOR_ROOTS


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(leaf_lists, st.data())
def test_each_leaf_is_proved_and_no_other_is(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = tree_root(leaves), inclusion_proof(leaves, index)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, root)
    assert not verify_inclusion(leaf_hash(b"a leaf that is not there"), index, len(leaves), proof, root)
    assert not verify_inclusion(leaves[index], index, len(leaves), [*proof, root], root)
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), proof, root)


@given(leaf_lists, st.data())
def test_a_grown_tree_is_proved_to_extend_the_old_one(leaves: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(leaves)))
    old, new = tree_root(leaves[:first]), tree_root(leaves)
    proof = consistency_proof(leaves, first)
    assert verify_consistency(first, len(leaves), old, new, proof)
    forged = leaf_hash(b"another history")
    assert not verify_consistency(first, len(leaves), forged, new, proof)
    assert not verify_consistency(first, len(leaves), old, forged, proof)


def test_a_tree_that_shrank_is_not_consistent() -> None:
    assert not verify_consistency(3, 2, b"a", b"b", [])
    with pytest.raises(ValueError, match="at least one leaf"):
        consistency_proof([b"leaf"], 0)


def test_only_the_empty_tree_is_what_every_tree_extends() -> None:
    root = tree_root([b"leaf"])
    assert verify_consistency(0, 1, EMPTY_ROOT, root, [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 1, leaf_hash(b"forged"), root, [])
    assert not verify_consistency(0, 0, root, root, [])
    assert not verify_consistency(0, 1, EMPTY_ROOT, root, [root])
    assert not verify_consistency(0, -1, EMPTY_ROOT, root, [])
    assert not verify_consistency(-1, -1, root, root, [])
