import hashlib


def unchanged(content: bytes, checksum: str) -> bool:
    return hashlib.sha256(content).hexdigest() == checksum
