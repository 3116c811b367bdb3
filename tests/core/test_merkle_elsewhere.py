"""Our proofs before npm's rfc9162, which other people wrote."""

import json
import random
import subprocess

import pytest

from bailiwick.core.merkle import consistency_proof, inclusion_proof, leaf_hash, tree_root
from tests.core.test_merkle import damaged, nodes_of
from tests.fixtures.npm import installed

_SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 100)


@pytest.mark.req("OB2")
def test_another_implementation_takes_our_proofs_and_refuses_changed_ones() -> None:
    asks, expected = [], []
    for size in _SIZES:
        leaves = [leaf_hash(random.Random(size * 1000 + place).randbytes(9)) for place in range(size)]
        root = tree_root(leaves)
        for index in {0, size // 3, size // 2, size - 1}:
            good = inclusion_proof(nodes_of(leaves), index, size)
            for proof in (good, *damaged(good)):
                asks.append({"kind": "inclusion", "size": size, "index": index, "leaf": leaves[index].hex(),
                             "root": root.hex(), "proof": [node.hex() for node in proof]})  # fmt: skip
                expected.append(proof == good)
        for first in {1, size // 3, size // 2, size - 1} & set(range(1, size)):
            good, old = consistency_proof(nodes_of(leaves), first, size), tree_root(leaves[:first])
            for proof in (good, *damaged(good)):
                asks.append({"kind": "consistency", "first": first, "second": size, "old": old.hex(),
                             "new": root.hex(), "proof": [node.hex() for node in proof]})  # fmt: skip
                expected.append(proof == good)
    folder = installed("rfc9162", "check.mjs")
    answered = subprocess.run(
        ["node", "check.mjs"], cwd=folder, input=json.dumps(asks), capture_output=True, text=True, check=True
    )
    assert json.loads(answered.stdout) == expected
