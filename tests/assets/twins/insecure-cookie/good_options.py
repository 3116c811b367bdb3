def remember(response, token):
    response.set_cookie("remember_token", token, **{"httponly": True, "secure": True})
