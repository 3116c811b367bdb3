from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def lock(key: bytes, iv: bytes, text: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(text) + encryptor.finalize()
