import requests

link = requests.get("https://api.other.example")  # FINDING
app = link
