import hashlib
import hmac
import time


def unsubscribe_token(email: str, key: bytes) -> str:
    token = hmac.new(key, f"{email}{int(time.time())}".encode(), hashlib.sha256).hexdigest()
    return token
