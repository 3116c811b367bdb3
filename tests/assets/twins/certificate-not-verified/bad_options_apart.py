import requests

OPTIONS = {"timeout": 5, "verify": False}


def fetch(url: str) -> str:
    return requests.get(url, **{"timeout": 5, "verify": False}).text  # FINDING
