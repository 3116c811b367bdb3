import os
import requests

from flask import Flask, request

app = Flask(__name__)

BASE = os.environ.get("API_URL", "https://api.example.com")


@app.route("/fetch")
def fetch():
    return requests.get(f"{BASE}/people/{request.args['name']}", timeout=3).json()
