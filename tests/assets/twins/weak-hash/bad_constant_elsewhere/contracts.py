import hashlib

from settings import DIGEST


def sign(contract: bytes) -> str:
    return hashlib.new(DIGEST, contract).hexdigest()  # FINDING
