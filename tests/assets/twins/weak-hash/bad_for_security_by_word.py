import hashlib


def row_signature(*columns: str) -> str:
    return hashlib.md5("|".join(columns).encode(), usedforsecurity=True).hexdigest()  # FINDING
