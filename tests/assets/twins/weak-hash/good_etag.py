import hashlib


def etag_of(content: bytes) -> str:
    return '"' + hashlib.md5(content).hexdigest() + '"'
