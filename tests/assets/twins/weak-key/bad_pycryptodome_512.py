from Crypto.PublicKey import RSA

BITS = 512


def make() -> bytes:
    return RSA.generate(BITS).export_key()  # FINDING
