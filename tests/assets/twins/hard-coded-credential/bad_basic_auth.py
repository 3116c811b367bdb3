import requests


def report() -> dict:
    return requests.get("https://erp.example/report", auth=("desk", "Winter#77"), timeout=5).json()  # FINDING
