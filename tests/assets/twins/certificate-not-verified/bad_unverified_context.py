import ssl
from urllib.request import urlopen


def fetch(url: str) -> bytes:
    context = ssl._create_unverified_context()  # FINDING
    return urlopen(url, context=context, timeout=5).read()
