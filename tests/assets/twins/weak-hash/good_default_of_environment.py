import hashlib
import os

ALGORITHM = os.environ.get("SIGNING_DIGEST", "sha256")


def sign(message: bytes) -> str:
    return hashlib.new(ALGORITHM, message).hexdigest()
