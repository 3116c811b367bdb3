"""Proofs of RFC 9162 a second time, from its definitions: over lists and by recursion, sharing nothing with ours."""

import hashlib
from collections.abc import Iterator


def mth(leaves: list[bytes]) -> bytes:
    """MTH, section 2.1.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _k(len(leaves))
    return hashlib.sha256(bytes([1]) + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D_n), section 2.1.3.1."""
    n = len(leaves)
    if n == 1:
        return []
    k = _k(n)
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D_n), section 2.1.4.1."""
    return _subproof(m, leaves, True)


def _subproof(m: int, leaves: list[bytes], b: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if b else [mth(leaves)]
    k = _k(n)
    if m <= k:
        return [*_subproof(m, leaves[:k], b), mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def shows_inclusion(leaf: bytes, m: int, n: int, hashes: list[bytes], root: bytes) -> bool:
    """Whether PATH, read backwards as it was defined, gives the root: by recursion on the tree, not on bits."""
    if not 0 <= m < n:
        return False
    left = iter(reversed(hashes))
    try:
        made = _rebuilt(leaf, m, n, left)
    except StopIteration:
        return False
    return next(left, None) is None and made == root


def _rebuilt(leaf: bytes, m: int, n: int, left: Iterator[bytes]) -> bytes:
    if n == 1:
        return leaf
    k, sibling = _k(n), next(left)
    if m < k:
        return hashlib.sha256(bytes([1]) + _rebuilt(leaf, m, k, left) + sibling).digest()
    return hashlib.sha256(bytes([1]) + sibling + _rebuilt(leaf, m - k, n - k, left)).digest()


def shows_consistency(m: int, n: int, old: bytes, new: bytes, hashes: list[bytes]) -> bool:
    """Whether PROOF, read backwards as it was defined, gives both roots."""
    if m in (0, n):
        return not hashes and (old == new if m == n else old == mth([]))
    left = iter(reversed(hashes))
    try:
        both = _rebuilt_both(m, n, True, old, left)
    except StopIteration:
        return False
    return next(left, None) is None and both == (old, new)


def _rebuilt_both(m: int, n: int, b: bool, old: bytes, left: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The roots of the first m leaves and of all n below this node."""
    if m == n:
        same = old if b else next(left)
        return same, same
    k, sibling = _k(n), next(left)
    if m <= k:
        first, whole = _rebuilt_both(m, k, b, old, left)
        return first, hashlib.sha256(bytes([1]) + whole + sibling).digest()
    first, whole = _rebuilt_both(m - k, n - k, False, old, left)
    return (
        hashlib.sha256(bytes([1]) + sibling + first).digest(),
        hashlib.sha256(bytes([1]) + sibling + whole).digest(),
    )


def _k(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k
