import requests


def app():
    return requests.get("https://api.rates.example:8443/x")  # FINDING
