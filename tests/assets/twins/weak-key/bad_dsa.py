from cryptography.hazmat.primitives.asymmetric import dsa


def release_key():
    return dsa.generate_private_key(1024)  # FINDING
