import jwt


def token_for(user: str) -> str:
    return jwt.encode({"sub": user}, None, algorithm="none")  # FINDING
