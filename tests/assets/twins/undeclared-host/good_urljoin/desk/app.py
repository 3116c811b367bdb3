from urllib.parse import urljoin

BASE = "https://api.rates.example"


def app(path):
    return urljoin(BASE, path)
