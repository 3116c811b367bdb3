"""The Merkle tree of the audit log: hashes and proofs as RFC 9162 section 2.1 defines them, with SHA-256."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

# Gives the root of a perfect subtree: of the 2^height leaves from index * 2^height on.
Nodes = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: enough to append leaves and know the root, in O(log n) space.

    `peaks` are the roots of the perfect subtrees of `size` leaves, largest first.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        node, remaining = leaf, self.size
        while remaining & 1:
            node = node_hash(self.peaks.pop(), node)
            remaining >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def range_root(node: Nodes, start: int, end: int) -> bytes:
    """Return the root over leaves `start` to `end` (exclusive), a subtree of RFC 9162: made of perfect ones."""
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        peaks.append(node(height, start >> height))
        start += 1 << height
    return Frontier(0, peaks).root()


def inclusion_proof(node: Nodes, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 9162 section 2.1.3.1).

    Asks `node` for O(log size) hashes. Raises `ValueError` when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("an inclusion proof is about a leaf of the tree")
    start, end, proof = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(node, middle, end))
            end = middle
        else:
            proof.append(range_root(node, start, middle))
            start = middle
    return proof[::-1]


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a leaf towards the root: the sibling that a proof gives, on which side, and the node they make."""

    sibling: bytes
    on_left: bool
    node: bytes


def climb(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[Step] | None:
    """Return the steps from leaf `index` to the root of a tree of `size` (RFC 9162 section 2.1.3.2).

    None when there is no such leaf or the proof has too few or too many hashes.
    """
    if not 0 <= index < size:
        return None
    steps, node, position, last = list[Step](), leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return None
        on_left = bool(position & 1) or position == last
        node = node_hash(sibling, node) if on_left else node_hash(node, sibling)
        steps.append(Step(sibling, on_left, node))
        while on_left and not position & 1 and position:
            position >>= 1
            last >>= 1
        position >>= 1
        last >>= 1
    return steps if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows that `leaf` stands at `index` in the tree of `size` (RFC 9162 section 2.1.3.2)."""
    steps = climb(leaf, index, size, proof)
    return steps is not None and (steps[-1].node if steps else leaf) == root


def consistency_proof(node: Nodes, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of `second` leaves extends the one of `first` (RFC 9162 section 2.1.4.1).

    Asks `node` for O(log second) hashes. Every tree extends the empty one: that needs no proof. Raises `ValueError`
    when the first tree is the larger one.
    """
    if not 0 <= first <= second:
        raise ValueError("a consistency proof leads from a tree to one that is no smaller")
    start, end, proof = 0, second, list[bytes]()
    while first not in (start, end):
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(range_root(node, middle, end))
            end = middle
        else:
            proof.append(range_root(node, start, middle))
            start = middle
    # Where the first tree is a subtree of the second from its first leaf on, its root is known to who checks.
    return [*([range_root(node, start, end)] if start else []), *proof[::-1]]


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether `proof` shows that the second tree extends the first (RFC 9162 section 2.1.4.2)."""
    # There is one empty tree, and every tree extends it.
    if not 0 <= first <= second or (first == 0 and first_root != EMPTY_ROOT):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root
