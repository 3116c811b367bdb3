from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def lock(key: bytes, text: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # FINDING
    return encryptor.update(text) + encryptor.finalize()
