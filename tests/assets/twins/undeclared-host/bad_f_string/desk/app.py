import requests


def app():
    return requests.get(f"https://api.other.example/{app}")  # FINDING
