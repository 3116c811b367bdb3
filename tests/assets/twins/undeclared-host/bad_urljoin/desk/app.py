from urllib.parse import urljoin

BASE = "https://api.other.example"  # FINDING


def app(path):
    return urljoin(BASE, path)
