from Crypto.Cipher import AES


def encrypt(key: bytes, text: bytes, fast: bool) -> bytes:
    mode = AES.MODE_GCM if fast else AES.MODE_EAX
    return AES.new(key, mode).encrypt(text)
