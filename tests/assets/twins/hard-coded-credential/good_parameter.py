def connect(host: str, user: str = "admin", password: str = ""):
    return host, user, password
