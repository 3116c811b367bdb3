import requests

HOST = "api.other.example"


def app():
    return requests.get(f"https://{HOST}/x")  # FINDING
