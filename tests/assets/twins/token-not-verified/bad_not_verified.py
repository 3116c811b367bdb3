import jwt


def user_of(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})  # FINDING
    return claims["sub"]
