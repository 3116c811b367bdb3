from Crypto.Cipher import AES


def encrypt(key: bytes, text: bytes) -> tuple[bytes, bytes, bytes]:
    cipher = AES.new(key, AES.MODE_GCM)
    data, tag = cipher.encrypt_and_digest(text)
    return cipher.nonce, data, tag
