import hashlib
import time


def unsubscribe_token(email: str) -> str:
    token = hashlib.sha256(f"{email}{time.time()}".encode()).hexdigest()  # FINDING
    return token
