import requests


def app():
    return requests.get("https://api.rates.example:443/x")
