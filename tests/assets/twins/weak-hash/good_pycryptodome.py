from Crypto.Hash import SHA256


def seal(payload: bytes) -> str:
    h = SHA256.new()
    h.update(payload)
    return h.hexdigest()
