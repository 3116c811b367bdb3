from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding


def sign(key, report: bytes) -> bytes:
    return key.sign(report, padding.PKCS1v15(), hashes.SHA1())  # FINDING
