import requests


def app():
    return requests.get("http://169.254.169.254/latest")  # FINDING
