import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    Nodes,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from tests.core import tree_as_written as written

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


def nodes_of(leaves: list[bytes]) -> Nodes:
    return lambda height, index: tree_root(leaves[index << height : (index + 1) << height])


@pytest.mark.req("OB2")
@given(leaf_lists, st.data())
def test_each_leaf_is_proved_and_no_other_is(leaves: list[bytes], data: st.DataObject) -> None:
    index, size = data.draw(st.integers(0, len(leaves) - 1)), len(leaves)
    root, proof = tree_root(leaves), inclusion_proof(nodes_of(leaves), index, size)
    assert root == written.mth(leaves)
    assert proof == written.path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert written.shows_inclusion(leaves[index], index, size, proof, root)
    for leaf, place, hashes in (
        (leaf_hash(b"a leaf that is not there"), index, proof),
        (leaves[index], index, [*proof, root]),
        (leaves[index], size, proof),
        *((leaves[index], index, hashes) for hashes in damaged(proof)),
    ):
        assert not verify_inclusion(leaf, place, size, hashes, root)
        assert not written.shows_inclusion(leaf, place, size, hashes, root)


@pytest.mark.req("OB2")
@given(leaf_lists, st.data())
def test_a_grown_tree_is_proved_to_extend_the_old_one(leaves: list[bytes], data: st.DataObject) -> None:
    first, second = data.draw(st.integers(1, len(leaves))), len(leaves)
    old, new = tree_root(leaves[:first]), tree_root(leaves)
    proof = consistency_proof(nodes_of(leaves), first, second)
    assert proof == written.proof(first, leaves)
    assert verify_consistency(first, second, old, new, proof)
    assert written.shows_consistency(first, second, old, new, proof)
    forged = leaf_hash(b"another history")
    for old_root, new_root, hashes in (
        (forged, new, proof),
        (old, forged, proof),
        *((old, new, hashes) for hashes in damaged(proof)),
    ):
        assert not verify_consistency(first, second, old_root, new_root, hashes)
        assert not written.shows_consistency(first, second, old_root, new_root, hashes)


def damaged(proof: list[bytes]) -> list[list[bytes]]:
    """Return the proof without its last hash, with one doubled, and with each bit-flipped."""
    flipped = [[*proof[:at], bytes([proof[at][0] ^ 1, *proof[at][1:]]), *proof[at + 1 :]] for at in range(len(proof))]
    return [*([proof[:-1], [*proof, proof[-1]]] if proof else []), *flipped]


# What certificate-transparency's own tests expect of the tree of the eight leaves above, written as their Merkle
# audit paths and consistency proofs: (leaf from 0, size, proof), (first, second, proof).
PUBLISHED_PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
]
PUBLISHED_GROWTH = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]


@pytest.mark.req("OB2")
def test_proofs_equal_the_published_vectors() -> None:
    leaves = [leaf_hash(entry) for entry in VECTOR_LEAVES]
    for index, size, expected in PUBLISHED_PATHS:
        assert [node.hex() for node in inclusion_proof(nodes_of(leaves), index, size)] == expected
    for first, second, expected in PUBLISHED_GROWTH:
        assert [node.hex() for node in consistency_proof(nodes_of(leaves), first, second)] == expected


def test_a_tree_that_shrank_is_not_consistent() -> None:
    assert not verify_consistency(3, 2, b"a", b"b", [])
    with pytest.raises(ValueError, match="no smaller"):
        consistency_proof(nodes_of([]), 2, 1)
    with pytest.raises(ValueError, match="a leaf of the tree"):
        inclusion_proof(nodes_of([]), 0, 0)
    assert consistency_proof(nodes_of([]), 0, 0) == []
    assert consistency_proof(nodes_of([b"leaf"]), 0, 1) == []


def test_only_the_empty_tree_is_what_every_tree_extends() -> None:
    root = tree_root([b"leaf"])
    assert verify_consistency(0, 1, EMPTY_ROOT, root, [])
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 1, leaf_hash(b"forged"), root, [])
    assert not verify_consistency(0, 0, root, root, [])
    assert not verify_consistency(0, 1, EMPTY_ROOT, root, [root])
    assert not verify_consistency(0, -1, EMPTY_ROOT, root, [])
    assert not verify_consistency(-1, -1, root, root, [])
