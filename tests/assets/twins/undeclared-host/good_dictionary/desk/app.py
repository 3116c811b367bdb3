import requests

SETTINGS = {"docs_url": "https://api.other.example", "url": "https://api.rates.example"}


def app():
    return requests.get(SETTINGS["url"])
