import jwt


def user_of(token: str, key: str) -> str:
    return jwt.decode(token, key)["sub"]  # FINDING
