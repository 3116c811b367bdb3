from passlib.hash import md5_crypt


def store(password: str) -> str:
    return md5_crypt.hash(password)  # FINDING
