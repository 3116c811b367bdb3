import hashlib
import os

ALGORITHM = os.environ.get("SIGNING_DIGEST", "md5")


def sign(message: bytes) -> str:
    return hashlib.new(ALGORITHM, message).hexdigest()  # FINDING
