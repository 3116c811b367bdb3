ROOT_URLCONF = "desk.urls"
ALLOWED_HOSTS = ["desk.example", "*"]  # FINDING
