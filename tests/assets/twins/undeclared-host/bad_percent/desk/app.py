import requests


def app():
    return requests.get("https://%s/x" % "api.other.example")  # FINDING
