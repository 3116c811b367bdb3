import os

ROOT_URLCONF = "desk.urls"
ALLOWED_HOSTS = os.environ["HOSTS"].split(",")
