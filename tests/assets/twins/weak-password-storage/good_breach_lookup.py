import hashlib

import httpx


def is_leaked(password: str) -> bool:
    digest = hashlib.sha1(password.encode()).hexdigest().upper()
    answer = httpx.get(f"https://api.pwnedpasswords.com/range/{digest[:5]}", timeout=5)
    return digest[5:] in answer.text
