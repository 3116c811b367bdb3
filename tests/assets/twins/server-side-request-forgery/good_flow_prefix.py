import urllib.request

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    url = request.args["url"]
    if not url.startswith("https://api.example.com/"):
        return "no", 400
    return {"text": urllib.request.urlopen(url).read().decode()}
