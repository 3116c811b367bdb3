import hashlib
import os


def hashed(password: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), os.urandom(16), 1000)  # FINDING
