import requests


def app():
    return requests.get("".join(["https://", "api.other", ".example"]))  # FINDING
