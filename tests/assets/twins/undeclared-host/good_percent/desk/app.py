import requests


def app():
    return requests.get("https://%s/x" % "api.rates.example")
