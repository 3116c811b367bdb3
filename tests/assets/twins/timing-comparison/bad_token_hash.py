import hashlib


def find(sessions, token: str):
    digest = hashlib.sha256(token.encode()).hexdigest()
    for session in sessions:
        if session.token_hash == digest:  # FINDING
            return session
    return None
