import jwt

OPTIONS = {"verify_exp": False}


def user_of(token: str, key: str) -> str:
    return jwt.decode(token, key, algorithms=["HS256"], options=OPTIONS)["sub"]  # FINDING
