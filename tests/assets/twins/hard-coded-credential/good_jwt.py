import jwt


def token_for(user: str, key: str) -> str:
    return jwt.encode({"sub": user}, key, algorithm="HS256")
