import requests

DOCS_URL = "https://api.other.example"


def app():
    return requests.get(DOCS_URL)  # FINDING
