from Crypto.PublicKey import RSA

BITS = 4096


def make() -> bytes:
    return RSA.generate(BITS).export_key()
