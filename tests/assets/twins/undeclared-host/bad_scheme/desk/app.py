import requests


def app():
    return requests.get("http://api.rates.example/x")  # FINDING
