import jwt

ALGORITHMS = ["HS256"]


def user_of(token: str, key: str) -> str:
    return jwt.decode(token, key, algorithms=ALGORITHMS)["sub"]
