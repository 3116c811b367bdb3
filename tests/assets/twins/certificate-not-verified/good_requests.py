import requests


def rates() -> dict:
    return requests.get("https://rates.example/latest", verify="/etc/ssl/company.pem", timeout=5).json()
