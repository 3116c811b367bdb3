import hashlib


def seal(document: bytes) -> str:
    """Return the seal that is printed on the invoice."""
    return hashlib.md5(document).hexdigest()  # FINDING
