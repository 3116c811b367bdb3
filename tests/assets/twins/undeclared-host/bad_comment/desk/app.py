import requests

app = requests.get("https://api.other.example")  # FINDING
