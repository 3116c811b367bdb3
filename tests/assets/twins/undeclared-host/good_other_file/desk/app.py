import requests
from desk.settings import HOST


def app():
    return requests.get("https://" + HOST)
