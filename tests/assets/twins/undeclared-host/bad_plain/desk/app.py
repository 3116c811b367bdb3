import requests


def app():
    return requests.get("https://api.other.example/x")  # FINDING
