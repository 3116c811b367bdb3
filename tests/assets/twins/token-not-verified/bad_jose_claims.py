from jose import jwt


def user_of(token: str) -> str:
    return jwt.get_unverified_claims(token)["sub"]  # FINDING
