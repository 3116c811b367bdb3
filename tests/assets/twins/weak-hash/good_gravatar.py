import hashlib


def picture(email: str) -> str:
    avatar = hashlib.md5(email.strip().lower().encode()).hexdigest()
    return f"https://www.gravatar.com/avatar/{avatar}"
