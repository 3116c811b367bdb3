import requests


def app():
    return requests.get(f"https://api.rates.example/{app}")
