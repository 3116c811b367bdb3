import hashlib


def check(path: str, expected: str) -> bool:
    h = hashlib.sha256()
    with open(path, "rb") as file:
        h.update(file.read())
    return h.hexdigest() == expected
