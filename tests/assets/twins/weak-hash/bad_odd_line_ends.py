import hashlib


def page(text):
    """One twothree."""
    return hashlib.md5(text).hexdigest()  # FINDING
