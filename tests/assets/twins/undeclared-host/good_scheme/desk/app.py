import requests


def app():
    return requests.get("https://API.Rates.Example/x")
