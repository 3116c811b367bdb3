import ssl
import urllib.request


def fetch(url: str) -> bytes:
    context = ssl.create_default_context(cafile="/etc/ssl/company.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return urllib.request.urlopen(url, context=context, timeout=5).read()
