import requests

SETTINGS = {"url": "https://api.other.example"}  # FINDING


def app():
    return requests.get(SETTINGS["url"])
