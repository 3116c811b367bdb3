import hashlib
import hmac


def signature(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.md5).hexdigest()  # FINDING
