from Crypto.Cipher import AES


def encrypt(key: bytes, text: bytes, fast: bool) -> bytes:
    mode = AES.MODE_ECB if fast else AES.MODE_EAX
    return AES.new(key, mode).encrypt(text)  # FINDING
