from jose import jwt


def user_of(token: str, keys: dict) -> str:
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"])["sub"]
