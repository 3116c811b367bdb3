import hashlib
import hmac


def verify(request, secret: bytes) -> bool:
    mac = hmac.new(secret, request.body, hashlib.sha256)
    return "sha256=" + mac.hexdigest() == request.headers["X-Hub-Signature-256"]  # FINDING
