from cryptography.hazmat.primitives.asymmetric import ec


def device_key():
    return ec.generate_private_key(ec.SECP192R1())  # FINDING
