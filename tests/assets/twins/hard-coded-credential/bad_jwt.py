import jwt


def token_for(user: str) -> str:
    return jwt.encode({"sub": user}, "mysecret", algorithm="HS256")  # FINDING
