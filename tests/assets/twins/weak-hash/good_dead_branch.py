import hashlib


def sign(message: bytes) -> str:
    rounds = 7
    if rounds * 6 > 50:
        name = "md5"
    else:
        name = "sha256"
    return hashlib.new(name, message).hexdigest()
