from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher


def scramble(key: bytes, text: bytes) -> bytes:
    encryptor = Cipher(ARC4(key), mode=None).encryptor()  # FINDING
    return encryptor.update(text)
