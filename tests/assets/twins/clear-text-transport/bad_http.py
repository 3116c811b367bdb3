import requests


def rates() -> dict:
    return requests.get("http://rates.example.com/latest", timeout=5).json()  # FINDING
