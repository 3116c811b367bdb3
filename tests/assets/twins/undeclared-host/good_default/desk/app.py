import os
import requests


def app():
    return requests.get(os.environ.get("BASE", "https://api.rates.example"))
