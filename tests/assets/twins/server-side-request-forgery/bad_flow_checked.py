from urllib.parse import urlparse
import requests

from flask import Flask, request

app = Flask(__name__)

HOSTS = {"api.example.com", "cdn.example.com"}


@app.route("/fetch")
def fetch():
    url = request.args["url"]
    parts = urlparse(url)
    if parts.scheme not in ("http", "https"):
        return "no", 400
    return {"text": requests.get(url, timeout=3).text}  # FINDING
