import requests

HOST = "api.rates.example"


def app():
    return requests.get(f"https://{HOST}/x")
