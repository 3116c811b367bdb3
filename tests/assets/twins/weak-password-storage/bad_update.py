import hashlib


def check(user, password: str) -> bool:
    h = hashlib.sha1()
    h.update(password.encode("utf-8"))  # FINDING
    return h.hexdigest() == user.digest
