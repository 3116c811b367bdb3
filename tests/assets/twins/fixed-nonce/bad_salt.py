import hashlib


def hashed(password: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"refund-desk", 600_000)  # FINDING
