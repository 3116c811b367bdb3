import hashlib


def sign(message: bytes, legacy: bool) -> str:
    name = "sha1"
    if legacy:
        name = "sha512"
    else:
        name = "sha256"
    return hashlib.new(name, message).hexdigest()
