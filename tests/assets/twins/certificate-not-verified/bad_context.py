import ssl
import urllib.request


def fetch(url: str) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False  # FINDING
    context.verify_mode = ssl.CERT_NONE  # FINDING
    return urllib.request.urlopen(url, context=context, timeout=5).read()
