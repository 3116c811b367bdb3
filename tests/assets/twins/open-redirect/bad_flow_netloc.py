import urllib.parse

from flask import Flask, redirect, request

app = Flask(__name__)


@app.route("/go")
def go():
    bar = request.args["to"]
    try:
        url = urllib.parse.urlparse(bar)
        if url.scheme != "https":
            return "Invalid URL."
    except ValueError:
        return "Error parsing URL."
    return redirect(bar)  # FINDING
