import jwt

OPTIONS = {"require": ["exp", "sub"]}


def user_of(token: str, key: str) -> str:
    return jwt.decode(token, key, algorithms=["HS256"], options=OPTIONS)["sub"]
