import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = os.urandom(12)


def seal(key: bytes, text: bytes) -> bytes:
    box = AESGCM(key)
    return box.encrypt(NONCE, text, None)  # FINDING
