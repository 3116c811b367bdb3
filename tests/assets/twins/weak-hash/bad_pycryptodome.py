from Crypto.Hash import MD5


def seal(payload: bytes) -> str:
    h = MD5.new()  # FINDING
    h.update(payload)
    return h.hexdigest()
