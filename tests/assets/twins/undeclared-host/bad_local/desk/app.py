import requests


def app():
    host = "api.other" + ".example"
    return requests.get("https://" + host)  # FINDING
