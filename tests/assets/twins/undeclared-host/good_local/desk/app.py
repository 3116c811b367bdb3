import requests


def app():
    host = "api.rates" + ".example"
    return requests.get("https://" + host)
