def logout(response):
    response.set_cookie("session", "", max_age=0)
