from Crypto.Cipher import AES


def encrypt(key: bytes, text: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_CBC, iv=key[:16])  # FINDING
    return cipher.encrypt(text)
