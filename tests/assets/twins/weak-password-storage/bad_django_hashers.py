INSTALLED_APPS = ["django.contrib.auth"]
PASSWORD_HASHERS = [  # FINDING
    "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
