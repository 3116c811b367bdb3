from Crypto.Cipher import AES

IV = b"0123456789abcdef"


def encrypt(key: bytes, text: bytes) -> bytes:
    return AES.new(key, AES.MODE_CBC, IV).encrypt(text)  # FINDING
