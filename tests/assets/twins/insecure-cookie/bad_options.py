COOKIE = {"httponly": True, "samesite": "lax", "secure": False}


def remember(response, token):
    response.set_cookie("remember_token", token, **{"httponly": True, "secure": False})  # FINDING
