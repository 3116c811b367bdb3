INSTALLED_APPS = ["django.contrib.sessions"]
MIDDLEWARE = [  # FINDING
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
