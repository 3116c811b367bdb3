def take(body: bytes, verify) -> bytes:
    assert verify(body).signature_ok  # FINDING
    return body
