import requests


def rates() -> dict:
    return requests.get("https://rates.example/latest", verify=False, timeout=5).json()  # FINDING
