INSTALLED_APPS = ["corsheaders"]
CORS_ALLOW_ALL_ORIGINS = False
CORS_ALLOWED_ORIGINS = ["https://desk.example"]
