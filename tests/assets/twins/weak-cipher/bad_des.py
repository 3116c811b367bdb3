from Crypto.Cipher import DES


def encrypt(key: bytes, text: bytes, iv: bytes) -> bytes:
    cipher = DES.new(key, DES.MODE_CBC, iv)  # FINDING
    return cipher.encrypt(text)
