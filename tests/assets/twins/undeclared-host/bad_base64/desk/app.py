import base64
import requests


def app():
    return requests.get(base64.b64decode("aHR0cHM6Ly9hcGkub3RoZXIuZXhhbXBsZS94").decode())  # FINDING
