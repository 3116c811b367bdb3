from Crypto.Cipher import AES


def decrypt(key: bytes, sealed: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_CBC, iv=sealed[:16])
    return cipher.decrypt(sealed[16:])
