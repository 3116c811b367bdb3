INSTALLED_APPS = ["django.contrib.admin"]
ALLOWED_HOSTS = ["*"]  # FINDING
