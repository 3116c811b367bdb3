import os
import requests

from flask import Flask, request

app = Flask(__name__)

BASE = os.environ.get("API_URL", "https://api.example.com")


@app.route("/fetch")
def fetch():
    return requests.get(request.args["host"] + "/people", timeout=3).json()  # FINDING
