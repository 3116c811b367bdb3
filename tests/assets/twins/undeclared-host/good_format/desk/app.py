import requests


def app():
    return requests.get("https://{}/x".format("api.rates.example"))
