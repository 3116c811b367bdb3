def connect(host: str, user: str = "admin", password: str = "Sommer2024!"):  # FINDING
    return host, user, password
