import jwt


def user_of(token: str, key: str) -> str:
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="refund-desk")
    return claims["sub"]
