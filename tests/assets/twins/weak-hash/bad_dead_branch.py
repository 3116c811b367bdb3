import hashlib


def sign(message: bytes) -> str:
    rounds = 7
    if rounds * 6 > 40:
        name = "md5"
    else:
        name = "sha256"
    return hashlib.new(name, message).hexdigest()  # FINDING
