import hashlib


def sign(message: bytes, legacy: bool) -> str:
    name = "sha256"
    if legacy:
        name = "sha1"
    return hashlib.new(name, message).hexdigest()  # FINDING
