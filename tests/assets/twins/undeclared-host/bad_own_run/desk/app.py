import requests

if requests:
    app = requests.get("https://api.other.example")  # FINDING
