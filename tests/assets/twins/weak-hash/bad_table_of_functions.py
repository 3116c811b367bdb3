import hashlib

CHOICES = {"fast": "md5", "strong": "sha256"}


def sign(message: bytes) -> str:
    make = getattr(hashlib, CHOICES["fast"])
    return make(message).hexdigest()  # FINDING
