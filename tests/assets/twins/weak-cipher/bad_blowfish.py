from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def lock(key: bytes, iv: bytes, text: bytes) -> bytes:
    encryptor = Cipher(algorithms.Blowfish(key), modes.CBC(iv)).encryptor()  # FINDING
    return encryptor.update(text) + encryptor.finalize()
