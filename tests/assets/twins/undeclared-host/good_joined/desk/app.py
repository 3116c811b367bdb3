import requests


def app():
    return requests.get("".join(["https://", "api.rates", ".example"]))
