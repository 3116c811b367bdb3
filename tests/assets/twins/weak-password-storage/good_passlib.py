from passlib.hash import bcrypt


def store(password: str) -> str:
    return bcrypt.hash(password)
