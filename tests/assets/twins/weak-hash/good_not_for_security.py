import hashlib


def row_id(*columns: str) -> str:
    return hashlib.md5("|".join(columns).encode(), usedforsecurity=False).hexdigest()
