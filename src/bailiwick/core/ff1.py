"""FF1, encryption that keeps the form of digits (NIST SP 800-38G, algorithm 7), with whichever pseudorandom function.

The standard's own function is a chain of AES blocks. Masks of columns are made in databases that have no AES: they take
HMAC-SHA-256 in its place, and everything else is the same.
"""

import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Prf = Callable[[bytes], bytes]
ROUNDS = 10
# SP 800-38G (revision 1) wants a million values at least: with fewer, each could be tried.
LEAST_DIGITS = 6
# So that half of them is a whole number of 64 bits.
MOST_DIGITS = 36
_BLOCK = 16


def encrypt(digits: str, tweak: bytes, prf: Prf, radix: int = 10) -> str:
    """Return as many other digits, the same for the same digits and tweak; each comes from one text only.

    `digits` are of `radix`, up to 36, and as many that there are a million values of their length.
    """
    length = len(digits)
    left, right = length // 2, length - length // 2
    size = half_bytes(right, radix)
    first, second = digits[:left], digits[left:]
    for number in range(ROUNDS):
        message = _head(radix, left, length, tweak, size) + bytes([number]) + int(second, radix).to_bytes(size)
        wide = int.from_bytes(_stretched(prf, message, drawn_bytes(size)))
        places = right if number % 2 else left
        first, second = second, _written((int(first, radix) + wide) % radix**places, radix, places)
    return first + second


def half_bytes(digits: int, radix: int = 10) -> int:
    """Return how many bytes hold a half of so many digits (step 3)."""
    return (int(radix**digits - 1).bit_length() + 7) // 8


def drawn_bytes(size: int) -> int:
    """Return how many bytes are drawn in each round for halves of so many bytes (step 4)."""
    return 4 * ((size + 3) // 4) + 4


def aes(key: bytes) -> Prf:
    """Return the standard's own function (algorithm 6): the last block of a chain of AES."""

    def run(message: bytes) -> bytes:
        worker = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor()
        return worker.update(message)[-_BLOCK:]

    return run


def hmac_sha256(key: bytes, purpose: bytes) -> Prf:
    """Return HMAC-SHA-256 under a key, of messages that begin with what they are for."""
    return lambda message: hmac.digest(key, purpose + message, "sha256")


def _head(radix: int, left: int, length: int, tweak: bytes, size: int) -> bytes:
    """Return what the messages of all rounds begin with (steps 5 and 6): P, the tweak, and zeros up to a block."""
    fixed = bytes([1, 2, 1]) + radix.to_bytes(3) + bytes([ROUNDS, left % 256]) + length.to_bytes(4)
    return fixed + len(tweak).to_bytes(4) + tweak + bytes((-len(tweak) - size - 1) % _BLOCK)


def _stretched(prf: Prf, message: bytes, wanted: int) -> bytes:
    """Return so many bytes of a message (step 6.iii): where one output is too short, of it with a counter, too."""
    drawn = last = prf(message)
    count = 0
    while len(drawn) < wanted:
        count += 1
        drawn += prf((int.from_bytes(last) ^ count).to_bytes(len(last)))
    return drawn[:wanted]


def _written(value: int, radix: int, places: int) -> str:
    found = ""
    for _ in range(places):
        value, digit = divmod(value, radix)
        found = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + found
    return found
