from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def release_key():
    return Ed25519PrivateKey.generate()
